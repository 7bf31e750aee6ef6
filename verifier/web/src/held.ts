/** Which code in the camera's view is new: one that is held there is judged once. */

import {PREFIX} from "./schemas/presentation.ts";

/** Milliseconds out of view after which the same code counts as shown again. */
const AWAY_MS = 3000;

/** Characters of a code that name the pass; what follows them is the proof, new every 30 s. */
const PASS_CHARACTERS = 490;

/**
 * Remembers the last code that was judged while it stays in view.
 *
 * A wallet in view renews its proof. Once its pass is admitted that is the same visitor; before, it
 * is another try.
 */
export class Held {
  #text = "";
  #isAdmitted = false;
  #seenAt = Number.NEGATIVE_INFINITY;

  /** The code to judge among those in view, or null; `at` is in milliseconds. */
  pick(texts: readonly string[], at: number): string | null {
    const isAway = at - this.#seenAt >= AWAY_MS;
    if (isAway) this.#text = "";
    if (texts.some((text) => this.#isHeld(text))) this.#seenAt = at;
    const fresh = texts.filter((text) => !this.#isHeld(text));
    return fresh.find((text) => text.startsWith(PREFIX)) ?? fresh[0] ?? null;
  }

  /** Remember what was judged last. */
  hold(text: string, isAdmitted: boolean, at: number): void {
    this.#text = text;
    this.#isAdmitted = isAdmitted;
    this.#seenAt = at;
  }

  #isHeld(text: string): boolean {
    if (this.#text === "") return false;
    return text === this.#text || (this.#isAdmitted && passOf(text) === passOf(this.#text));
  }
}

function passOf(text: string): string {
  return text.slice(0, PASS_CHARACTERS);
}
