/** What stands on the page while visitors are checked, beside the camera's picture. */

import {clockText, conditionAt, isClockWrong, keysText} from "../condition.ts";
import type {Venue} from "../keeper.ts";
import {policyOf} from "../schemas/bundle.ts";
import {sentence} from "../schemas/door-texts.ts";
import type {Language} from "../schemas/languages.ts";
import {say} from "../texts.ts";
import {type Trouble, troubleText} from "../trouble.ts";
import {element, list, show} from "./elements.ts";

/** What is known about this device at a moment. */
export interface Standing {
  readonly venue: Venue;
  readonly now: number;
  /** Seconds by which the clock is ahead of the authority's; null when never compared. */
  readonly ahead: number | null;
  /** Why the last update failed. */
  readonly trouble: Trouble | null;
  readonly isOnline: boolean;
  readonly hasNewPage: boolean;
}

/** Who stands behind the keys, and what is admitted here. */
export function showDoor(standing: Standing, language: Language): void {
  const {bundle, policy} = standing.venue;
  show("heading", policyOf(bundle, policy)?.name[language] ?? say("door_heading", language));
  show("authority", bundle.name[language]);
  list("notices", notices(standing, language));
  element("door").dataset.usable = String(conditionAt(bundle, standing.now).refused === null);
  element("use-new-page").hidden = !standing.hasNewPage;
}

/** The first says how old the keys are, or why nothing can be checked; the others warn. */
function notices(standing: Standing, language: Language): string[] {
  const {venue, now, ahead, trouble, isOnline, hasNewPage} = standing;
  const {bundle, policy, isKept} = venue;
  const lines = [keysText(bundle, now, language)];
  if (policyOf(bundle, policy) === undefined) lines.push(say("venue_kind_gone", language));
  if (bundle.specimen) lines.push(sentence("training", language));
  if (isClockWrong(ahead)) lines.push(clockText(ahead, language));
  const isUsable = conditionAt(bundle, now).refused === null;
  // It comforts, so it is not said where the keys are of no use either.
  if (!isOnline && isUsable) lines.push(say("offline", language));
  if (isOnline && trouble !== null) lines.push(failedUpdate(trouble, language));
  if (!isKept) lines.push(say("not_kept", language));
  if (hasNewPage) lines.push(say("new_page", language));
  return lines;
}

function failedUpdate(trouble: Trouble, language: Language): string {
  return `${say("last_update_failed", language)} ${troubleText(trouble, language)}`;
}
