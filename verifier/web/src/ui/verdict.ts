/** One verdict over the whole screen: word, shape, colour, and what to do. */

import {type Decision, outcomeOf} from "../door/decision.ts";
import {checkId, outcomeWord, paperTexts} from "../schemas/door-texts.ts";
import type {Language} from "../schemas/languages.ts";
import {Refused} from "../schemas/refusals.ts";
import {say} from "../texts.ts";
import {button, dialog, element, show} from "./elements.ts";

/** Milliseconds for which a verdict is shown unless the user wants it to stay. */
const STANDS_MS = 3000;

/** The screen of a verdict; `onGone` is called when it leaves. */
export class VerdictScreen {
  readonly #onGone: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(onGone: () => void) {
    this.#onGone = onGone;
    const screen = dialog("verdict");
    screen.addEventListener("click", () => this.leave());
    // Escape and a phone's back key close a dialog themselves, without asking every time.
    screen.addEventListener("close", () => this.isStanding || this.#gone());
  }

  get isStanding(): boolean {
    return dialog("verdict").open;
  }

  /** Show a verdict, in place of one that is shown. */
  show(decision: Decision, language: Language, stays: boolean): void {
    const screen = dialog("verdict");
    const outcome = outcomeOf(decision);
    const root = document.documentElement.dataset;
    clearTimeout(this.#timer);
    // Opened anew, so that a screen reader reads it out.
    screen.close();
    screen.dataset.outcome = outcome;
    screen.dataset.stays = String(stays);
    show("verdict-word", outcomeWord(outcome, language));
    showAdmission(decision, language);
    showRefusal(decision, language);
    screen.showModal();
    button("verdict-next").focus();
    // On a small screen the button may be below; the word comes first.
    screen.scrollTop = 0;
    if (decision.result instanceof Refused) root.reason = decision.result.reason;
    else delete root.reason;
    root.outcome = outcome;
    root.state = "verdict";
    if (!stays) this.#timer = setTimeout(() => this.leave(), STANDS_MS);
  }

  leave(): void {
    dialog("verdict").close();
    this.#gone();
  }

  #gone(): void {
    const root = document.documentElement.dataset;
    if (root.outcome === undefined) return;
    clearTimeout(this.#timer);
    delete root.outcome;
    delete root.reason;
    this.#onGone();
  }
}

function showAdmission({result, status}: Decision, language: Language): void {
  const verdict = result instanceof Refused ? null : result;
  const hint = verdict?.asksHint && verdict.holder !== null ? verdict.holder : null;
  element("verdict-status").hidden = status === undefined;
  element("verdict-colour").style.backgroundColor = status?.colour ?? "";
  show("verdict-status-name", status ? status.name[language] : null);
  show("verdict-hint", hint === null ? null : checkId(hint, language));
  const paper = verdict?.paper ? paperTexts(language) : null;
  element("verdict-paper").hidden = paper === null;
  show("verdict-paper-mark", paper?.mark ?? null);
  show("verdict-paper-advice", paper?.advice ?? null);
}

function showRefusal({result}: Decision, language: Language): void {
  const refused = result instanceof Refused ? result : null;
  show("verdict-reason", refused?.text(language) ?? null);
  show("verdict-helpdesk", refused && say("helpdesk", language, {code: refused.helpdesk}));
}
