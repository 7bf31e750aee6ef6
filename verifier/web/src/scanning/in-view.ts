/** Which code in the camera's view is new: one that stays there is judged once. */

import {looksLikePaper} from "../schemas/paper.ts";
import {PREFIX} from "../schemas/presentation.ts";

/** Milliseconds out of view after which the same code counts as shown again. */
const AWAY_MS = 3000;

/** Characters of a code that name the pass; what follows them is the proof, new every 30 s. */
const PASS_CHARACTERS = 490;

/** Milliseconds for which a code that is not read in a frame may still be in front of the camera. */
const BLINK_MS = 1000;

/** A code this many times smaller than another is not the one that is held up. */
const SMALLER = 2;

/** Share of the picture, and distance from its middle, of a code that nobody holds up. */
const SMALL_SHARE = 0.04;
const EDGE = 0.6;

/**
 * A code in a picture: `share` is how much of the picture it fills, `offset` how far it is from
 * the middle (0) to an edge (1).
 */
export interface SeenCode {
  readonly text: string;
  readonly share: number;
  readonly offset: number;
}

/** Why there is nothing to judge in a picture. */
export type Nothing = "empty" | "foreign" | "aside" | "several" | "judged";

export type Pick = {readonly text: string} | {readonly nothing: Nothing};

interface Judged {
  readonly text: string;
  readonly isAdmitted: boolean;
  share: number;
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

  /** The code to judge among those in view, or why there is none; `at` is in milliseconds. */
  pick(codes: readonly SeenCode[], at: number): Pick {
    this.forget(at);
    for (const code of codes) this.#see(code, at);
    const ours = codes.filter(({text}) => isPass(text));
    if (ours.length === 0) return {nothing: codes.length > 0 ? "foreign" : "empty"};
    const largest = Math.max(...ours.map(({share}) => share), ...this.#sharesSince(at - BLINK_MS));
    const held = ours.filter(({share}) => share * SMALLER > largest);
    const fresh = held.filter(({text}) => !this.#isJudged(text));
    if (fresh.length === 0) return {nothing: "judged"};
    return fresh.length === 1 ? unlessAside(fresh[0]) : central(fresh);
  }

  /** Remember what was judged. */
  add(text: string, isAdmitted: boolean, at: number): void {
    this.#judged = this.#judged.filter((one) => !isOf(one, text));
    this.#judged.push({text, isAdmitted, share: 0, seenAt: at});
  }

  /** Remember all for longer: the verdict on one still stands, and its visitor with it. */
  keep(at: number): void {
    for (const one of this.#judged) one.seenAt = at;
  }

  /** Forget what is out of view, also when the camera sees nothing more. */
  forget(at: number): void {
    this.#judged = this.#judged.filter(({seenAt}) => at - seenAt < AWAY_MS);
  }

  #see({text, share}: SeenCode, at: number): void {
    const judged = this.#judged.find((one) => isOf(one, text));
    if (judged === undefined) return;
    judged.seenAt = at;
    judged.share = share;
  }

  #sharesSince(since: number): number[] {
    return this.#judged.filter(({seenAt}) => seenAt > since).map(({share}) => share);
  }

  #isJudged(text: string): boolean {
    return this.#judged.some((one) => isOf(one, text));
  }
}

/** The one in the middle, where that is plain. */
function central(codes: readonly SeenCode[]): Pick {
  const [first, second] = [...codes].sort((one, other) => one.offset - other.offset);
  const isPlain = first && second && first.offset * SMALLER <= second.offset;
  return isPlain ? unlessAside(first) : {nothing: "several"};
}

function unlessAside(code: SeenCode | undefined): Pick {
  const isAside = code === undefined || (code.share < SMALL_SHARE && code.offset > EDGE);
  return isAside ? {nothing: "aside"} : {text: code.text};
}

function isPass(text: string): boolean {
  return text.startsWith(PREFIX) || looksLikePaper(text);
}

/** The texts of codes, the largest code first. */
export function textsOf(codes: readonly SeenCode[]): string[] {
  return [...codes].sort((one, other) => other.share - one.share).map(({text}) => text);
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
