/** What was chosen for this device, and the record in which it is stored with the bundle. */

import {checkName} from "../schemas/check-in.ts";
import type {Bytes} from "../schemas/encoding.ts";
import type {TrustState, TrustWarning} from "../schemas/trust.ts";

/** `shown`: visitors may check in; `strict`: a pass must be bound to the code as well. */
export const CHECK_IN_MODES = ["off", "shown", "strict"] as const;
export type CheckInMode = (typeof CHECK_IN_MODES)[number];

/** `name` is what the venue calls itself in its check-in code; nobody checks it. */
export interface CheckInSetting {
  readonly mode: CheckInMode;
  readonly name: string;
}

/** The version of the record's layout. */
export const FORMAT = 2;

/**
 * `url` is null for a device that is never online; `policy` null stands for the bundle's first.
 *
 * `data` is the bundle with its proof; `warnings` are what a person is to be told of it.
 */
export interface TrustRecord {
  readonly format: typeof FORMAT;
  readonly url: string | null;
  readonly policy: string | null;
  readonly state: TrustState;
  readonly data: Bytes;
  readonly warnings: readonly TrustWarning[];
  /** Older records have none. */
  readonly checkIn?: CheckInSetting;
}

const OFF: CheckInSetting = {mode: "off", name: ""};

/** Whether a record has the shape in which it was written; its bundle is verified elsewhere. */
export function isTrustRecord(record: unknown): record is TrustRecord {
  const known = (record ?? {}) as Partial<TrustRecord>;
  const {format, url, policy, state, data, warnings, checkIn} = known;
  return (
    format === FORMAT &&
    (url === null || typeof url === "string") &&
    (policy === null || typeof policy === "string") &&
    typeof state?.anchor === "string" &&
    typeof state.digest === "string" &&
    data instanceof Uint8Array &&
    Array.isArray(warnings) &&
    (checkIn === undefined || isSetting(checkIn))
  );
}

/** Whether what was stored has the shape of a setting. */
export function isSetting(record: unknown): record is CheckInSetting {
  const {mode, name} = (record ?? {}) as Partial<CheckInSetting>;
  return isMode(mode) && typeof name === "string";
}

/**
 * What was stored; nothing is shown where nothing was.
 *
 * A name that no code can carry is left out, and the mode stays: a strict door must not fall open.
 */
export function settingIn(stored: CheckInSetting | undefined): CheckInSetting {
  const {mode, name} = stored ?? OFF;
  return {mode, name: checkName(name) === name ? name : ""};
}

export function isMode(text: unknown): text is CheckInMode {
  return CHECK_IN_MODES.some((mode) => mode === text);
}
