/** The camera on the page: it opens, hands over codes, and says why when it cannot. */

import {
  type Camera,
  CameraFailed,
  type CameraFault,
  openCamera,
  readFrames,
} from "../scanning/camera.ts";
import type {Language} from "../schemas/languages.ts";
import {say, type TextName} from "../texts.ts";
import {button, element, keepFocus, onClick, show} from "./elements.ts";

/** What is done with the texts of the codes in a frame; none is a frame without a code. */
type OnCodes = (texts: string[]) => Promise<void>;

export class Viewfinder {
  readonly #reader: (source: ImageBitmap) => Promise<string[]>;
  readonly #onFault: () => void;
  #camera: Camera | null = null;
  #watching = new AbortController();
  #isLit = false;
  #fault: TextName | null = null;
  #language: Language = "en";
  #again: () => void = () => undefined;

  /** `onFault` is called when there is no picture and the viewfinder says why. */
  constructor(reader: (source: ImageBitmap) => Promise<string[]>, onFault: () => void) {
    this.#reader = reader;
    this.#onFault = onFault;
    onClick("camera-again", () => this.#again());
    onClick("torch", () => this.#light(!this.#isLit));
  }

  get camera(): Camera | null {
    return this.#camera;
  }

  /** Open the camera and hand over what is in its view until it is closed; never rejects. */
  async open(chosen: string | null, language: Language, onCodes: OnCodes): Promise<void> {
    this.close();
    const {signal} = this.#watching;
    this.#language = language;
    this.#again = () => void this.open(chosen, this.#language, onCodes);
    element("viewfinder").hidden = false;
    const lost = () => this.#fail("camera_lost");
    try {
      const camera = await openCamera(element<HTMLVideoElement>("video"), chosen, lost, signal);
      // Somebody may have closed it while the browser was still asking for leave.
      if (signal.aborted) {
        camera.close();
        return;
      }
      this.#camera = camera;
      button("torch").hidden = !camera.hasTorch;
      await this.#watch(onCodes, signal);
    } catch (error) {
      if (signal.aborted) return;
      this.#fail(error instanceof CameraFailed ? error.fault : "reader_failed");
    }
  }

  close(): void {
    const focused = document.activeElement;
    this.#watching.abort();
    this.#watching = new AbortController();
    this.#camera?.close();
    this.#camera = null;
    this.#isLit = false;
    this.#showFault(null);
    button("torch").hidden = true;
    button("torch").ariaPressed = "false";
    element("viewfinder").hidden = true;
    keepFocus(focused);
  }

  /** The same fault in another language. */
  translate(language: Language): void {
    this.#language = language;
    this.#showFault(this.#fault);
  }

  async #watch(onCodes: OnCodes, signal: AbortSignal): Promise<void> {
    const read = async (frame: ImageBitmap): Promise<void> => {
      const texts = await this.#reader(frame);
      if (!signal.aborted) await onCodes(texts);
    };
    await readFrames(element<HTMLVideoElement>("video"), read, signal);
  }

  #fail(fault: CameraFault | "reader_failed"): void {
    this.close();
    element("viewfinder").hidden = false;
    this.#showFault(fault);
    this.#onFault();
  }

  #showFault(fault: TextName | null): void {
    this.#fault = fault;
    element("camera-fault").hidden = fault === null;
    show("camera-fault-text", fault && say(fault, this.#language));
  }

  #light(isOn: boolean): void {
    this.#isLit = isOn;
    button("torch").ariaPressed = String(isOn);
    this.#camera?.light(isOn).catch(() => {
      button("torch").hidden = true;
    });
  }
}
