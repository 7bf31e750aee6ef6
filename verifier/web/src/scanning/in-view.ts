/** Which code in the camera's view is new: one that stays there is judged once. */

import {looksLikePaper} from "../schemas/paper.ts";
import {PREFIX} from "../schemas/presentation.ts";

/** Milliseconds out of view after which the same code counts as shown again. */
const AWAY_MS = 3000;

/** Characters of a code that name the pass; what follows them is the proof, new every 30 s. */
const PASS_CHARACTERS = 490;

interface Judged {
  readonly text: string;
  readonly isAdmitted: boolean;
  seenAt: number;
}

/**
 * Remembers the codes that were judged while they stay in view; two visitors may hold up theirs.
 *
 * A wallet in view renews its proof. Once its pass is admitted that is the same visitor; before, it
 * is another try.
 */
export class CodesInView {
  #judged: Judged[] = [];

  /** The code to judge among those in view, or null; `at` is in milliseconds. */
  pick(texts: readonly string[], at: number): string | null {
    this.forget(at);
    for (const one of this.#judged) if (texts.some((text) => isOf(one, text))) one.seenAt = at;
    return chooseCode(texts.filter((text) => !this.#judged.some((one) => isOf(one, text))));
  }

  /** Remember what was judged. */
  add(text: string, isAdmitted: boolean, at: number): void {
    this.#judged = this.#judged.filter((one) => !isOf(one, text));
    this.#judged.push({text, isAdmitted, seenAt: at});
  }

  /** Forget what is out of view, also when the camera sees nothing more. */
  forget(at: number): void {
    this.#judged = this.#judged.filter(({seenAt}) => at - seenAt < AWAY_MS);
  }
}

/** A pass among several codes, one on paper if need be, else the first; null when there is none. */
export function chooseCode(texts: readonly string[], prefix = PREFIX): string | null {
  const ours = texts.find((text) => text.startsWith(prefix));
  return ours ?? texts.find(looksLikePaper) ?? texts[0] ?? null;
}

function isOf(judged: Judged, text: string): boolean {
  if (text === judged.text) return true;
  // Paper never changes; only a phone shows one pass in more than one text.
  return judged.isAdmitted && isShown(text) && passOf(text) === passOf(judged.text);
}

function isShown(text: string): boolean {
  return text.startsWith(PREFIX);
}

function passOf(text: string): string {
  return text.slice(0, PASS_CHARACTERS);
}
