/** The camera on the page: it opens, hands over codes, and says why when it cannot. */

import {
  brightest,
  type Camera,
  CameraFailed,
  type CameraFault,
  openCamera,
  readFrames,
} from "../scanning/camera.ts";
import type {SeenCode} from "../scanning/in-view.ts";
import {PictureWatch} from "../scanning/picture-watch.ts";
import type {Language} from "../schemas/languages.ts";
import {say, type TextName} from "../texts.ts";
import {button, element, keepFocus, onClick, show} from "./elements.ts";

/** What is done with the codes in a frame; none is a frame without a code. */
type OnCodes = (codes: SeenCode[]) => Promise<void>;

/** Milliseconds between two looks at whether the camera shows anything. */
const LOOK_MS = 500;

type Reader = (source: ImageBitmap) => Promise<SeenCode[]>;

/** Milliseconds for which this page has been shown; a device that sleeps shows none. */
function shownAt(): number {
  return Number(document.timeline.currentTime);
}

export class Viewfinder {
  readonly #reader: Reader;
  readonly #onFault: () => void;
  #camera: Camera | null = null;
  #watching = new AbortController();
  /** Whether light is wanted, also when the camera has been closed meanwhile. */
  #isLit = false;
  #fault: TextName | null = null;
  #language: Language = "en";
  #again: () => void = () => undefined;
  #pictures = new PictureWatch(0);
  #isReading = false;

  /** `onFault` is called when there is no picture and the viewfinder says why. */
  constructor(reader: Reader, onFault: () => void) {
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
    this.#language = language;
    await this.#open(chosen, onCodes, true);
  }

  /** `triesAgain` says that a camera which shows nothing is opened once more. */
  async #open(chosen: string | null, onCodes: OnCodes, triesAgain: boolean): Promise<void> {
    this.close();
    const {signal} = this.#watching;
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
      if (this.#isLit) this.#light(true);
      this.#guard(signal, () => triesAgain && void this.#open(chosen, onCodes, false));
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

  /** Say why nothing is seen, as long as nothing is; `reopen` tells whether that is tried first. */
  #guard(signal: AbortSignal, reopen: () => unknown): void {
    this.#pictures = new PictureWatch(shownAt());
    const look = (): void => {
      // A slow reader is no reason to blame the camera.
      if (this.#isReading) return;
      const silence = this.#pictures.silenceAt(shownAt());
      if (silence === this.#fault || (silence !== null && reopen() !== false)) return;
      this.#showFault(silence);
      this.#onFault();
    };
    const timer = setInterval(look, LOOK_MS);
    signal.addEventListener("abort", () => clearInterval(timer));
  }

  async #watch(onCodes: OnCodes, signal: AbortSignal): Promise<void> {
    const read = async (frame: ImageBitmap): Promise<void> => {
      const light = brightest(frame);
      this.#isReading = true;
      const codes = await this.#reader(frame).finally(() => {
        this.#isReading = false;
      });
      this.#pictures.see(light, shownAt());
      if (!signal.aborted) await onCodes(codes);
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
      this.#isLit = false;
      button("torch").hidden = true;
    });
  }
}
