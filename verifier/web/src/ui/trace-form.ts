/** Hours for the authority: which are asked for, what handing them over means, and the file. */

import {now} from "../browser/clock.ts";
import {conditionAt} from "../door/condition.ts";
import {DeviceFailed} from "../faults.ts";
import {type HoursToTrace, hoursToTrace, stretches} from "../presence/tracing.ts";
import {sentence} from "../schemas/catalogues.ts";
import {dayAt} from "../schemas/hours.ts";
import type {Language} from "../schemas/languages.ts";
import {Refused} from "../schemas/refusals.ts";
import type {Recipient} from "../schemas/trace.ts";
import {say, type TextName} from "../texts.ts";
import type {Device} from "../trust/store.ts";
import type {PresenceThread} from "../workers/presence.ts";
import {button, element, input, list, onClick, saveFile, show} from "./elements.ts";
import {localTime} from "./report.ts";

/** It says neither where nor when. */
const FILE = "trace.json";

export interface TraceFormUses {
  readonly language: () => Language;
  readonly setup: {
    readonly device: Device | null;
    /** The dates of which hours can be traced. */
    sweep(): Promise<readonly string[]>;
  };
  readonly presence: PresenceThread;
}

export class TraceForm {
  readonly #uses: TraceFormUses;
  #named: HoursToTrace | null = null;
  #answer: TextName | Refused | null = null;

  constructor(uses: TraceFormUses) {
    this.#uses = uses;
    element("trace-form").addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#name();
    });
    onClick("trace-no", () => {
      this.#ask(null);
      button("trace-ask").focus();
    });
    onClick("trace-yes", () => void this.#save());
  }

  /** Begin anew; where nothing can be traced there is no form. */
  open(dates: readonly string[]): void {
    element("trace-form").hidden = dates.length === 0;
    for (const id of ["trace-from", "trace-to"]) input(id).value = "";
    this.#ask(null);
    this.#tell(null);
  }

  translate(): void {
    this.#tell(this.#answer);
    this.#showQuestion();
  }

  /** Name the hours before anything leaves. */
  async #name(): Promise<void> {
    this.#ask(null);
    const times = {from: timeIn("trace-from"), to: timeIn("trace-to")};
    const dates = await this.#uses.setup.sweep();
    const named = this.#refused() ?? hoursToTrace(times, dates, now());
    if (typeof named === "string" || named instanceof Refused) this.#tell(named);
    else if (this.#recipient() === null) this.#tell("no_authority_key");
    else {
      this.#tell(null);
      this.#ask(named);
    }
  }

  async #save(): Promise<void> {
    const [named, refused, recipient] = [this.#named, this.#refused(), this.#recipient()];
    this.#ask(null);
    button("trace-ask").focus();
    if (refused !== null) this.#tell(refused);
    else this.#tell(named && recipient ? await this.#saved(named, recipient) : "no_authority_key");
  }

  async #saved({hours}: HoursToTrace, recipient: Recipient): Promise<TextName> {
    try {
      const data = await this.#uses.presence.trace(hours, recipient);
      if (data === null) return "trace_no_seeds";
      saveFile(FILE, data);
      return "trace_saved";
    } catch (error) {
      const isKey = error instanceof DeviceFailed && error.fault.kind === "no_authority_key";
      return isKey ? "no_authority_key" : "failed";
    }
  }

  /** Why passes cannot be checked now: a bundle of no use at the door says nothing here either. */
  #refused(): Refused | null {
    const bundle = this.#uses.setup.device?.bundle;
    return bundle ? conditionAt(bundle, now()).refused : null;
  }

  /** The authority's key for the exports of this day, as the bundle in force has it. */
  #recipient(): Recipient | null {
    const bundle = this.#uses.setup.device?.bundle;
    const day = dayAt(now());
    const key = bundle?.tracingExports.get(day);
    return bundle && key ? {iss: bundle.iss, day, key} : null;
  }

  #ask(named: HoursToTrace | null): void {
    this.#named = named;
    element("trace-question").hidden = named === null;
    button("trace-ask").hidden = named !== null;
    this.#showQuestion();
    if (named !== null) button("trace-no").focus();
  }

  #showQuestion(): void {
    const [named, language] = [this.#named, this.#uses.language()];
    if (named === null) return;
    const authority = this.#uses.setup.device?.bundle.name[language] ?? "";
    show("trace-about", sentence("trace_about", language, {authority}));
    list("trace-hours", lines(named, language));
    show("trace-consequence", sentence("trace_consequence", language));
  }

  #tell(answer: TextName | Refused | null): void {
    const language = this.#uses.language();
    const text =
      answer instanceof Refused ? answer.text(language) : answer && say(answer, language);
    this.#answer = answer;
    show("trace-answer", text);
  }
}

function lines({hours, missing}: HoursToTrace, language: Language): string[] {
  const named = stretches(hours).map(({begins, ends, hours: number}) => {
    const times = {begins: localTime(begins, language), ends: localTime(ends, language)};
    return say("trace_hours", language, {...times, hours: number});
  });
  return missing > 0 ? [...named, say("trace_missing", language, {count: missing})] : named;
}

/** What a field says in the device's own time, Unix seconds; NaN where it says nothing whole. */
function timeIn(id: string): number {
  return new Date(input(id).value).getTime() / 1000;
}
