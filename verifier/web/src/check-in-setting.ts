/** What this device shows visitors to check in with (design section 9). */

import {checkName} from "./schemas/check-in.ts";

/** `shown` beside the scanner; `strict`: a pass must be bound to it, too. */
export const CHECK_IN_MODES = ["off", "shown", "strict"] as const;
export type CheckInMode = (typeof CHECK_IN_MODES)[number];

/** `name` is what the venue calls itself in its code; nobody checks it. */
export interface CheckInSetting {
  readonly mode: CheckInMode;
  readonly name: string;
}

const OFF: CheckInSetting = {mode: "off", name: ""};

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
