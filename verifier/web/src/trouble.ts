/** What can go wrong with a set-up or an update, as a value that travels between threads. */

import problems from "@schemas/problems.json";
import {type BundleFault, faultText} from "./schemas/bundle-faults.ts";
import type {Language} from "./schemas/languages.ts";
import {say} from "./texts.ts";

export type ProblemCode = keyof typeof problems;

/** Trouble that has a text of its own name. */
type Plain =
  | "unreachable"
  | "not_an_issuer"
  | "other_root"
  | "unknown_policy"
  | "damaged"
  | "no_authority_key"
  | "failed";

export type Trouble =
  | {readonly kind: "fault"; readonly fault: BundleFault}
  | {readonly kind: "problem"; readonly code: ProblemCode}
  | {readonly kind: Plain};

/** Carries trouble through the code of one thread. */
export class Troubled extends Error {
  readonly trouble: Trouble;

  constructor(trouble: Trouble) {
    super(trouble.kind);
    this.trouble = trouble;
  }
}

/** What a person reads: what happened and what to do. */
export function troubleText(trouble: Trouble, language: Language): string {
  if (trouble.kind === "fault") return faultText(trouble.fault, language);
  if (trouble.kind === "problem") return problems[trouble.code][language];
  return say(trouble.kind, language);
}

export function isProblemCode(code: unknown): code is ProblemCode {
  return typeof code === "string" && Object.hasOwn(problems, code);
}
