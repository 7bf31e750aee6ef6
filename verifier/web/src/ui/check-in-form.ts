/** Whether visitors check in here, and under which name. */

import {checkName} from "../schemas/check-in.ts";
import type {Language} from "../schemas/languages.ts";
import {say, type TextName} from "../texts.ts";
import {CHECK_IN_MODES, type CheckInMode, type CheckInSetting, isMode} from "../trust/settings.ts";
import type {Device} from "../trust/store.ts";
import type {Change} from "../workers/trust.worker.ts";
import {element, input, offer, select, show} from "./elements.ts";

const MODE_NAMES: Readonly<Record<CheckInMode, TextName>> = {
  off: "check_in_off",
  shown: "check_in_shown",
  strict: "check_in_strict",
};

export interface CheckInFormUses {
  readonly language: () => Language;
  readonly setup: {
    /** Resolves to null when it failed and the reason is on the page. */
    change(change: Change): Promise<Device | null>;
  };
}

export class CheckInForm {
  readonly #uses: CheckInFormUses;
  #answer: TextName | null = null;

  constructor(uses: CheckInFormUses) {
    this.#uses = uses;
    element("check-in-form").addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#save();
    });
  }

  /** Fill in what is set, when the settings are opened: later a name may be half typed. */
  open({mode, name}: CheckInSetting): void {
    this.#offerModes(mode);
    input("check-in-name").value = name;
    this.#tell(null);
  }

  translate(): void {
    this.#offerModes(select("check-in-mode").value);
    this.#tell(this.#answer);
  }

  #offerModes(chosen: string): void {
    const language = this.#uses.language();
    const choices = CHECK_IN_MODES.map((mode) => [mode, say(MODE_NAMES[mode], language)] as const);
    offer(select("check-in-mode"), choices, chosen);
  }

  async #save(): Promise<void> {
    const mode = select("check-in-mode").value;
    const name = checkName(input("check-in-name").value);
    input("check-in-name").setAttribute("aria-invalid", String(name === null));
    if (name === null || !isMode(mode)) {
      this.#tell("check_in_bad_name");
      input("check-in-name").focus();
      return;
    }
    input("check-in-name").value = name;
    const change: Change = {kind: "choose_check_in", checkIn: {mode, name}};
    this.#tell((await this.#uses.setup.change(change)) ? "saved" : "failed");
  }

  #tell(answer: TextName | null): void {
    this.#answer = answer;
    show("check-in-answer", answer && say(answer, this.#uses.language()));
  }
}
