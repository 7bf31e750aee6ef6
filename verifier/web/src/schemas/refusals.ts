/** Why a pass is not admitted: a closed list (docs/formats.md, "Deciding at the door"). */

import refusals from "@schemas/refusals.json";
import {sentence} from "./catalogues.ts";
import {durationText, withZone} from "./durations.ts";
import type {Language} from "./languages.ts";

export type Reason = keyof typeof refusals;
export type Outcome = "admit" | "refuse" | "cannot_check";

const OF_CLOCKS: readonly Reason[] = ["clock_behind", "stale", "from_the_future"];

/** A pass was not admitted. `seconds` is the difference that some texts name. */
export class Refused extends Error {
  readonly reason: Reason;
  readonly seconds: number;

  constructor(reason: Reason, seconds = 0) {
    super(reason);
    this.reason = reason;
    this.seconds = seconds;
  }

  get outcome(): Outcome {
    return refusals[this.reason].outcome as Outcome;
  }

  /** `Q` and two digits, to be read out to a help desk. */
  get helpdesk(): string {
    return refusals[this.reason].helpdesk;
  }

  /** One or two sentences for the person at the door; a difference is told in words. */
  text(language: Language): string {
    const difference = durationText(this.seconds, language);
    const text = sentence(`${this.reason}_refusal`, language, {difference});
    return OF_CLOCKS.includes(this.reason) ? withZone(text, this.seconds, language) : text;
  }
}
