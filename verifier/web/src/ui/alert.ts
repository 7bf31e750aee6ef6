/** What the page says because something failed, in whatever language it is read. */

import {deviceFaultText, faultOf} from "../faults.ts";
import type {Language} from "../schemas/languages.ts";
import {say, type TextName} from "../texts.ts";
import {show} from "./elements.ts";

type Text = (language: Language) => string;

export class Alert {
  #language: Language = "en";
  #text: Text = () => "";

  /** Show the text of that name. */
  say(name: TextName): void {
    this.#set((language) => say(name, language), name);
  }

  /** Show why something failed. */
  explain(error: unknown): void {
    const fault = faultOf(error);
    const name = fault.kind === "bundle" ? fault.fault : fault.kind;
    this.#set((language) => deviceFaultText(fault, language), name);
  }

  clear(): void {
    this.#set(() => "", "");
  }

  translate(language: Language): void {
    this.#language = language;
    show("alert", this.#text(language));
    show("settings-answer", this.#text(language));
  }

  /** `fault` names it for programs. */
  #set(text: Text, fault: string): void {
    this.#text = text;
    this.translate(this.#language);
    const root = document.documentElement.dataset;
    if (fault === "") delete root.fault;
    else root.fault = fault;
  }
}
