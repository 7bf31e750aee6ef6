/** The set-up: where the keys come from, and what kind of venue this is. */

import {clockText, isClockWrong} from "../faults.ts";
import {chooseCode, type SeenCode, textsOf} from "../scanning/in-view.ts";
import type {Bytes} from "../schemas/encoding.ts";
import type {Language} from "../schemas/languages.ts";
import {say} from "../texts.ts";
import {
  checkSetup,
  isThumbprint,
  parseSetupCode,
  SETUP_PREFIX,
  type Setup,
  type SetupFault,
} from "../trust/setup.ts";
import type {Device, SetupRequest} from "../trust/store.ts";
import type {Alert} from "./alert.ts";
import {element, input, onClick, onFile, show} from "./elements.ts";
import type {Viewfinder} from "./viewfinder.ts";

/** What the set-up asks of the rest of the page. */
export interface SetupUses {
  readonly language: () => Language;
  readonly readPicture: (file: File) => Promise<SeenCode[]>;
  readonly viewfinder: Viewfinder;
  readonly alert: Alert;
  readonly setup: {
    /** Resolves to null when it failed and the reason is on the page. */
    setUp(request: SetupRequest, data: Bytes | null): Promise<Device | null>;
    /** Compares the clock, too. */
    update(): Promise<unknown>;
    readonly known: {readonly ahead: number | null};
  };
  readonly begin: (policy: string) => void;
}

export class SetupScreen {
  readonly #uses: SetupUses;
  #device: Device | null = null;

  constructor(uses: SetupUses) {
    this.#uses = uses;
    onClick("setup-scan", () => this.#scan());
    onClick("setup-stop", () => this.stop());
    onFile("setup-picture", async (file) => {
      const text = chooseCode(textsOf(await uses.readPicture(file)), SETUP_PREFIX);
      if (text === null) uses.alert.say("no_code_in_picture");
      else this.code(text);
    });
    onFile("setup-file", (file) => this.#fromFile(file));
    element("setup-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#tryTyped();
    });
    element("venue-form").addEventListener("submit", (event) => {
      event.preventDefault();
      const chosen = document.querySelector<HTMLInputElement>("input[name=venue]:checked");
      if (chosen) uses.begin(chosen.value);
    });
  }

  /** Show the first step, filled with what is known already. */
  show(known: Setup | null = null): void {
    this.#device = null;
    element("setup-form").hidden = false;
    element("venue-form").hidden = true;
    if (known === null) return;
    input("setup-url").value = known.url;
    input("setup-root").value = known.anchor;
  }

  /** The text of a set-up code, however it came here. */
  code(text: string): void {
    this.stop();
    this.#try(parseSetupCode(text));
  }

  translate(): void {
    if (this.#device === null) return;
    this.#showKinds(this.#device);
    this.#showClock();
  }

  /** Ask what kind of venue this is. */
  askKind(device: Device): void {
    this.#device = device;
    element("setup-form").hidden = true;
    element("venue-form").hidden = false;
    this.#showKinds(device);
    void this.#compareClock();
    document.querySelector<HTMLInputElement>("input[name=venue]")?.focus();
  }

  /** A wrong clock is told before the first visitor comes. */
  async #compareClock(): Promise<void> {
    await this.#uses.setup.update();
    this.#showClock();
  }

  #showClock(): void {
    const {ahead} = this.#uses.setup.known;
    show("venue-clock", isClockWrong(ahead) ? clockText(ahead, this.#uses.language()) : null);
  }

  #tryTyped(): void {
    this.#try(checkSetup(input("setup-url").value, input("setup-root").value));
  }

  #try(setup: Setup | SetupFault): void {
    if (typeof setup === "string") {
      this.#uses.alert.say(setup);
      return;
    }
    input("setup-url").value = setup.url;
    input("setup-root").value = setup.anchor;
    void this.#take({...setup, policy: null}, null);
  }

  /** The address may be missing: then bundles come from files. */
  async #fromFile(file: File): Promise<void> {
    const anchor = input("setup-root").value.trim();
    if (!isThumbprint(anchor)) {
      this.#uses.alert.say("file_needs_root");
      return;
    }
    const checked = checkSetup(input("setup-url").value, anchor);
    const url = typeof checked === "string" ? null : checked.url;
    await this.#take({url, anchor, policy: null}, await bundleIn(file));
  }

  async #take(request: SetupRequest, data: Bytes | null): Promise<void> {
    const device = await this.#uses.setup.setUp(request, data);
    if (device !== null) this.askKind(device);
  }

  #scan(): void {
    element("setup-scan").hidden = true;
    element("setup-stop").hidden = false;
    element("setup-stop").focus();
    const {viewfinder, language} = this.#uses;
    void viewfinder.open(null, language(), async (codes) => {
      const text = chooseCode(textsOf(codes), SETUP_PREFIX);
      if (text !== null) this.code(text);
    });
  }

  /** Scan no more. */
  stop(): void {
    element("setup-scan").hidden = false;
    if (document.activeElement === element("setup-stop")) element("setup-scan").focus();
    element("setup-stop").hidden = true;
    this.#uses.viewfinder.close();
  }

  #showKinds({bundle, policy}: Device): void {
    const language = this.#uses.language();
    const {name, iss: address} = bundle;
    show("venue-authority", say("from_authority", language, {name: name[language], address}));
    const first = policy ?? bundle.policies[0]?.id;
    element("venue-kinds").replaceChildren(
      ...bundle.policies.map(({id, name: kind}) => radio(id, kind[language], id === first)),
    );
  }
}

/** A bundle file, as far as it is looked at. */
export async function bundleIn(file: File): Promise<Bytes> {
  return new Uint8Array(await file.slice(0, LARGEST_FILE).arrayBuffer());
}

const LARGEST_FILE = 4_001_024;

function radio(value: string, name: string, isChosen: boolean): HTMLElement {
  const choice = document.createElement("input");
  choice.type = "radio";
  choice.name = "venue";
  choice.value = value;
  choice.checked = isChosen;
  const label = document.createElement("label");
  label.className = "switch";
  label.append(choice, name);
  return label;
}
