/** What the page says while visitors are checked, besides the camera's picture. */

import {isClockWrong, isUsable} from "../door/condition.ts";
import {type DeviceFault, deviceFaultText} from "../faults.ts";
import {policyOf} from "../schemas/bundle.ts";
import {sentence} from "../schemas/catalogues.ts";
import type {Language} from "../schemas/languages.ts";
import {say} from "../texts.ts";
import type {Device} from "../trust/store.ts";
import {element, list, show} from "./elements.ts";
import {clockText, keysText} from "./report.ts";

/** What is known about this device at a moment. */
export interface DeviceState {
  readonly device: Device;
  readonly now: number;
  /** Seconds by which the clock is ahead of the authority's; null when never compared. */
  readonly ahead: number | null;
  /** Why the last update failed. */
  readonly fault: DeviceFault | null;
  readonly isOnline: boolean;
  readonly hasNewPage: boolean;
}

/** Whose keys these are, and what is admitted here. */
export function showDoor(state: DeviceState, language: Language): void {
  const {bundle, policy} = state.device;
  show("heading", policyOf(bundle, policy)?.name[language] ?? say("door_heading", language));
  show("authority", bundle.name[language]);
  list("notices", notices(state, language));
  element("door").dataset.usable = String(isUsable(bundle, state.now));
  element("use-new-page").hidden = !state.hasNewPage;
}

/** The first says how old the keys are, or why nothing can be checked; the others warn. */
function notices(state: DeviceState, language: Language): string[] {
  const {device, now, ahead, fault, isOnline, hasNewPage} = state;
  const {bundle, policy, warnings, isStored} = device;
  const lines = [keysText(bundle, now, language)];
  if (policyOf(bundle, policy) === undefined) lines.push(say("venue_kind_gone", language));
  if (bundle.specimen) lines.push(sentence("training", language));
  lines.push(...warnings.map((warning) => sentence(warning, language)));
  if (isClockWrong(ahead)) lines.push(clockText(ahead, language));
  // It says that checking goes on, so it is left out where it does not.
  if (!isOnline && isUsable(bundle, now)) lines.push(say("offline", language));
  if (isOnline && fault !== null) lines.push(failedUpdate(fault, language));
  if (!isStored) lines.push(say("not_kept", language));
  if (hasNewPage) lines.push(say("new_page", language));
  return lines;
}

function failedUpdate(fault: DeviceFault, language: Language): string {
  return `${say("last_update_failed", language)} ${deviceFaultText(fault, language)}`;
}
