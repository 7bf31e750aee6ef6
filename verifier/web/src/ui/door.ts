/** What the page says while visitors are checked, besides the camera's picture. */

import {conditionAt, isUsable} from "../door/condition.ts";
import {clockText, type DeviceFault, deviceFaultText, isClockWrong} from "../faults.ts";
import {policyOf} from "../schemas/bundle.ts";
import {sentence} from "../schemas/catalogues.ts";
import type {Language} from "../schemas/languages.ts";
import {say} from "../texts.ts";
import type {Device} from "../trust/store.ts";
import {element, list, show} from "./elements.ts";
import {keysText} from "./report.ts";

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
  const {device, now, hasNewPage} = state;
  const {bundle, policy, warnings} = device;
  const lines = [keysText(bundle, now, language)];
  if (policyOf(bundle, policy) === undefined) lines.push(say("venue_kind_gone", language));
  if (bundle.specimen) lines.push(sentence("training", language));
  lines.push(...warnings.map((warning) => sentence(warning, language)));
  lines.push(...clockNotices(state, language), ...networkNotices(state, language));
  lines.push(...storageNotices(device, language));
  if (hasNewPage) lines.push(say("new_page", language));
  return lines;
}

function clockNotices({device, now, ahead}: DeviceState, language: Language): string[] {
  // Where the keys cannot be used for the clock, the first line has told it already.
  const isTold = conditionAt(device.bundle, now).refused?.reason === "clock_behind";
  return isClockWrong(ahead) && !isTold ? [clockText(ahead, language)] : [];
}

function networkNotices(state: DeviceState, language: Language): string[] {
  const {device, now, fault, isOnline} = state;
  if (isOnline) return fault === null ? [] : [failedUpdate(fault, language)];
  // It says that checking goes on, so it is left out where it does not.
  return isUsable(device.bundle, now) ? [say("offline", language)] : [];
}

function storageNotices({isStored, isFull}: Device, language: Language): string[] {
  if (isStored) return [];
  return [say(isFull ? "storage_full" : "not_kept", language)];
}

function failedUpdate(fault: DeviceFault, language: Language): string {
  return `${say("last_update_failed", language)} ${deviceFaultText(fault, language)}`;
}
