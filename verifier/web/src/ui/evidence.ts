/** Two bundles that contradict each other, for whoever wants to prove it. */

import type {Bytes} from "../schemas/encoding.ts";
import {read} from "../storage.ts";
import {button} from "./elements.ts";
import {saveFile} from "./saving.ts";

/** Two bundles that contradict each other; none as long as the authority is consistent. */
async function loadEvidence(): Promise<readonly Bytes[]> {
  return (await read("evidence").catch(() => undefined)) ?? [];
}

/** Show the button that saves them, where there are any. */
export async function offerEvidence(): Promise<void> {
  button("save-evidence").hidden = (await loadEvidence()).length === 0;
}

/** Two files for the authority, or for whoever watches it. */
export async function saveEvidence(): Promise<void> {
  for (const [place, data] of (await loadEvidence()).entries()) {
    saveFile(`bundle-${place + 1}.jws`, data);
  }
}
