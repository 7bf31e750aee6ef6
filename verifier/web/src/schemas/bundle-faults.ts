/** Why a trust bundle is not accepted: docs/formats.md, "When a client refuses a bundle". */

import faults from "@schemas/bundle_faults.json";
import {sentence} from "./catalogues.ts";
import type {Language} from "./languages.ts";

export type BundleFault = keyof typeof faults;

/** What an honest issuer does otherwise, where the fault is `odd_rules`. */
export const ODD_RULES = ["twin_statuses", "windows", "batch_size", "kid", "shared_key"] as const;
export type OddRule = (typeof ODD_RULES)[number];

/** A trust bundle was not accepted; what was known before stays in force. */
export class BundleRejected extends Error {
  readonly fault: BundleFault;
  /** Given with `odd_rules`, and only there. */
  readonly odd: OddRule | null;

  constructor(fault: BundleFault, odd: OddRule | null = null) {
    super(fault);
    this.fault = fault;
    this.odd = odd;
  }
}

/** One or two sentences for whoever set the device up, with the code for the help desk. */
export function faultText(fault: BundleFault, odd: OddRule | null, language: Language): string {
  const values = odd === null ? {} : {odd: sentence(`${odd}_odd_rule`, language)};
  return `${sentence(`${fault}_bundle_fault`, language, values)} (${faults[fault].helpdesk})`;
}
