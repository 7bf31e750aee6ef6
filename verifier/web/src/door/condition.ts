/** The condition of this device at the door: its bundle and its clock. */

import {contains, FRESH, type TrustBundle, type Window} from "../schemas/bundle.ts";
import {Refused} from "../schemas/refusals.ts";
import {checkBundle} from "./verification.ts";

/** `refused` is what every scan answers now; null when passes can be checked. */
export interface Condition {
  readonly refused: Refused | null;
  readonly isFresh: boolean;
}

export function conditionAt(bundle: TrustBundle, now: number): Condition {
  try {
    checkBundle(bundle, now);
  } catch (refused) {
    if (!(refused instanceof Refused)) throw refused;
    return {refused, isFresh: false};
  }
  return {refused: null, isFresh: now - bundle.iat < FRESH};
}

/** Whether passes can be checked at `now`. */
export function isUsable(bundle: TrustBundle, now: number): boolean {
  return conditionAt(bundle, now).refused === null;
}

/** The window in which `now` lies; undefined where the bundle has none. */
export function windowAt(bundle: TrustBundle, now: number): Window | undefined {
  return bundle.windows.find((window) => contains(window, now));
}
