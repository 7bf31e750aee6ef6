/** What stands on the page because something failed, in whatever language it is read. */

import type {Language} from "../schemas/languages.ts";
import {show} from "./elements.ts";

type Text = (language: Language) => string;

export class Complaint {
  #text: Text = () => "";

  /** Put it up, or take it away; `fault` names it for programs. */
  set(language: Language, text: Text = () => "", fault = ""): void {
    this.#text = text;
    this.translate(language);
    const root = document.documentElement.dataset;
    if (fault === "") delete root.fault;
    else root.fault = fault;
  }

  translate(language: Language): void {
    show("alert", this.#text(language));
    show("settings-answer", this.#text(language));
  }
}
