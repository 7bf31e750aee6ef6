/** What can fail in a set-up, an update or an export, as a value that travels between threads. */

import {type BundleFault, faultText, type OddRule} from "./schemas/bundle-faults.ts";
import {type SentenceName, sentence, sentences} from "./schemas/catalogues.ts";
import {durationText, withZone} from "./schemas/durations.ts";
import type {Language} from "./schemas/languages.ts";
import {say} from "./texts.ts";

type CodeIn<Name> = Name extends `${infer Code}_problem` ? Code : never;

export type ProblemCode = CodeIn<SentenceName>;

/** Faults that have a text of their own name. */
type Plain =
  | "unreachable"
  | "not_an_issuer"
  | "other_root"
  | "unknown_policy"
  | "damaged"
  | "no_authority_key"
  | "failed";

export type DeviceFault =
  | {readonly kind: "bundle"; readonly fault: BundleFault; readonly odd: OddRule | null}
  | {readonly kind: "problem"; readonly code: ProblemCode}
  /** The bundle has expired by this device's clock alone, which is so many seconds ahead. */
  | {readonly kind: "wrong_clock"; readonly ahead: number}
  | {readonly kind: Plain};

/** Carries a fault through the code of one thread. */
export class DeviceFailed extends Error {
  readonly fault: DeviceFault;

  constructor(fault: DeviceFault) {
    super(fault.kind);
    this.fault = fault;
  }
}

/** The fault that was thrown; `failed` for whatever was not foreseen. */
export function faultOf(error: unknown): DeviceFault {
  return error instanceof DeviceFailed ? error.fault : {kind: "failed"};
}

/** What a person reads: what happened and what to do. */
export function deviceFaultText(fault: DeviceFault, language: Language): string {
  if (fault.kind === "bundle") return faultText(fault.fault, fault.odd, language);
  if (fault.kind === "problem") return sentence(`${fault.code}_problem`, language);
  if (fault.kind === "wrong_clock") return clockText(fault.ahead, language);
  return say(fault.kind, language);
}

export function isProblemCode(code: unknown): code is ProblemCode {
  return typeof code === "string" && sentences.knows(`${code}_problem`);
}

/** Seconds of clock difference from which passes may be refused: half of what step 7 allows. */
const CLOCK_WARNING = 30;

export function isClockWrong(ahead: number | null): boolean {
  return ahead !== null && Math.abs(ahead) > CLOCK_WARNING;
}

/** `ahead` is how many seconds this clock is ahead of the authority's; null when never compared. */
export function clockText(ahead: number | null, language: Language): string {
  if (ahead === null) return sentence("clock_unknown", language);
  const seconds = Math.abs(ahead);
  const wrong = ahead > 0 ? "clock_ahead" : "clock_behind";
  const name = isClockWrong(ahead) ? wrong : "clock_right";
  const difference = durationText(seconds, language);
  return withZone(sentence(name, language, {difference}), seconds, language);
}
