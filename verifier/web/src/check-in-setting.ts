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

/** What was stored; nothing is shown where that is no setting. */
export function settingIn(record: unknown): CheckInSetting {
  const {mode, name} = (record ?? {}) as Partial<CheckInSetting>;
  const isSetting = isMode(mode) && typeof name === "string" && checkName(name) === name;
  return isSetting ? {mode, name} : OFF;
}

export function isMode(text: unknown): text is CheckInMode {
  return CHECK_IN_MODES.some((mode) => mode === text);
}
