/** Why a trust bundle is not accepted: docs/formats.md, "When a client refuses a bundle". */

import faults from "@schemas/bundle_faults.json";
import {sentence} from "./catalogues.ts";
import type {Language} from "./languages.ts";

export type BundleFault = keyof typeof faults;

/** A trust bundle was not accepted; what was known before stays in force. */
export class BundleRejected extends Error {
  readonly fault: BundleFault;

  constructor(fault: BundleFault) {
    super(fault);
    this.fault = fault;
  }
}

/** One or two sentences for whoever set the device up, with the code for the help desk. */
export function faultText(fault: BundleFault, language: Language): string {
  return `${sentence(`${fault}_bundle_fault`, language)} (${faults[fault].helpdesk})`;
}
