/** What a user prefers on this device: settings that have nothing to do with trust. */

import {read, write} from "../browser/storage.ts";
import {isLanguage, LANGUAGES, type Language} from "../schemas/languages.ts";

/** `camera` is the browser's id of the chosen camera, null for the one at the back. */
export interface Preferences {
  readonly language: Language;
  readonly sound: boolean;
  readonly vibration: boolean;
  /** A verdict stays until it is tapped. */
  readonly stays: boolean;
  readonly camera: string | null;
  /** Whether somebody has been told that a sound needs a first touch. */
  readonly knowsOfTouch: boolean;
}

/** What was chosen on this device; the device's own language at first. */
export async function loadPreferences(): Promise<Preferences> {
  const stored = await read("device").catch(() => undefined);
  const chosen = (
    typeof stored === "object" && stored !== null ? stored : {}
  ) as Partial<Preferences>;
  return {
    language: isLanguage(chosen.language) ? chosen.language : languageHere(),
    sound: chosen.sound !== false,
    vibration: chosen.vibration !== false,
    stays: chosen.stays === true,
    camera: typeof chosen.camera === "string" ? chosen.camera : null,
    knowsOfTouch: chosen.knowsOfTouch === true,
  };
}

/** Where the browser stores nothing the settings last until the page is closed. */
export async function storePreferences(preferences: Preferences): Promise<void> {
  await write("device", preferences).catch(() => undefined);
}

function languageHere(): Language {
  const wanted = navigator.languages.map((tag) => tag.split("-")[0]);
  return LANGUAGES.find((language) => language === wanted.find(isLanguage)) ?? "en";
}
