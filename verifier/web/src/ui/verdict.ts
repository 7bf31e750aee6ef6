/** One verdict over the whole screen: word, shape, colour, and what to do. */

import {type Decision, outcomeOf} from "../door/decision.ts";
import {sentence} from "../schemas/catalogues.ts";
import {checkId, outcomeWord, paperTexts} from "../schemas/door-texts.ts";
import type {Language} from "../schemas/languages.ts";
import {Refused} from "../schemas/refusals.ts";
import {say} from "../texts.ts";
import {button, dialog, element, keepFocus, onClick, show} from "./elements.ts";

/** Milliseconds for which a verdict is shown, unless it has to stay. */
const STANDS_MS = 3000;

/** Milliseconds for which a verdict that has gone can be shown again. */
const RECALL_MS = 30_000;

/** The screen of a verdict; `onGone` is called when it leaves. */
export class VerdictScreen {
  readonly #language: () => Language;
  readonly #onGone: () => void;
  #last: Decision | null = null;
  #since = 0;
  #stays = false;
  #isShown = false;
  #leaving: ReturnType<typeof setTimeout> | undefined;
  #forgetting: ReturnType<typeof setTimeout> | undefined;

  constructor(language: () => Language, onGone: () => void) {
    this.#language = language;
    this.#onGone = onGone;
    const screen = dialog("verdict");
    screen.addEventListener("click", () => this.leave());
    // Escape and a phone's back key close a dialog themselves, without asking every time.
    screen.addEventListener("close", () => this.isStanding || this.#gone());
    onClick("last-verdict", () => this.#recall());
  }

  get isStanding(): boolean {
    return dialog("verdict").open;
  }

  /** Whether a code in front of the camera takes its place: it waits for an ID to be looked at. */
  get givesWay(): boolean {
    return this.isStanding && !this.#stays && performance.now() - this.#since >= STANDS_MS;
  }

  /** Show a verdict, in place of one that is shown; `stays` keeps it until it is tapped. */
  show(decision: Decision, stays: boolean): void {
    const root = document.documentElement.dataset;
    this.forget();
    this.#last = decision;
    this.#open(decision, stays || hintOf(decision) !== null);
    this.#stays = stays;
    if (decision.result instanceof Refused) root.reason = decision.result.reason;
    else delete root.reason;
    root.outcome = outcomeOf(decision);
    root.state = "verdict";
  }

  leave(): void {
    dialog("verdict").close();
    this.#gone();
  }

  /** Let no verdict be called back any more. */
  forget(): void {
    const focused = document.activeElement;
    clearTimeout(this.#forgetting);
    this.#last = null;
    button("last-verdict").hidden = true;
    keepFocus(focused);
  }

  /** The last verdict once more, without a sound: nobody was checked. */
  #recall(): void {
    if (this.#last === null) return;
    this.#open(this.#last, true);
    show("verdict-again", say("verdict_again", this.#language()));
    document.documentElement.dataset.state = "verdict";
  }

  #open(decision: Decision, waits: boolean): void {
    const [screen, language] = [dialog("verdict"), this.#language()];
    clearTimeout(this.#leaving);
    // Opened anew, so that a screen reader reads it out.
    screen.close();
    screen.dataset.outcome = outcomeOf(decision);
    screen.dataset.stays = String(waits);
    show("verdict-again", null);
    show("verdict-word", outcomeWord(outcomeOf(decision), language));
    showAdmission(decision, language);
    showRefusal(decision, language);
    screen.showModal();
    this.#isShown = true;
    this.#since = performance.now();
    button("verdict-next").focus();
    // On a small screen the button may be below; the word comes first.
    screen.scrollTop = 0;
    if (!waits) this.#leaving = setTimeout(() => this.leave(), STANDS_MS);
  }

  #gone(): void {
    if (!this.#isShown) return;
    const root = document.documentElement.dataset;
    this.#isShown = false;
    clearTimeout(this.#leaving);
    delete root.outcome;
    delete root.reason;
    if (button("last-verdict").hidden) this.#offerLast();
    this.#onGone();
  }

  #offerLast(): void {
    if (this.#last === null) return;
    button("last-verdict").hidden = false;
    this.#forgetting = setTimeout(() => this.forget(), RECALL_MS);
  }
}

/** What an ID has to be compared with; null where staff need not look at one. */
function hintOf({result}: Decision): string | null {
  return !(result instanceof Refused) && result.asksHint ? result.holder : null;
}

function showAdmission(decision: Decision, language: Language): void {
  const {result, status} = decision;
  const verdict = result instanceof Refused ? null : result;
  const hint = hintOf(decision);
  element("verdict-status").hidden = status === undefined;
  element("verdict-colour").style.backgroundColor = status?.colour ?? "";
  show("verdict-status-name", status ? status.name[language] : null);
  show("verdict-hint", hint === null ? null : checkId(hint, language));
  const paper = verdict?.paper ? paperTexts(language) : null;
  element("verdict-paper").hidden = paper === null;
  show("verdict-paper-mark", paper?.mark ?? null);
  show("verdict-paper-advice", paper?.advice ?? null);
}

function showRefusal({result, isGarbled}: Decision, language: Language): void {
  const refused = result instanceof Refused ? result : null;
  const why = isGarbled ? sentence("scanner_layout", language) : refused?.text(language);
  show("verdict-reason", why ?? null);
  show("verdict-helpdesk", refused && say("helpdesk", language, {code: refused.helpdesk}));
}
