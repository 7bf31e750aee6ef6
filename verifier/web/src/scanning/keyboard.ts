/** What a handheld scanner types, told apart from a person at the keyboard. */

import {isWholePaper, looksLikePaper} from "../schemas/paper.ts";
import {PREFIX, TEXT_LENGTH} from "../schemas/presentation.ts";
import {SETUP_PREFIX} from "../trust/setup.ts";

/** Milliseconds without a key after which a scanner has finished, or a person is typing. */
const PAUSE_MS = 1000;

/** The same in the middle of a pass: a busy device must not take its first half for a whole code. */
const PATIENCE_MS = 5000;

/** Twice what the largest QR code holds (ISO/IEC 18004). */
const LONGEST = 8192;

/** Characters that come out of a scanner without a final Enter; a person types fewer at a time. */
const SHORTEST = 20;

/** The keys of a US keyboard, whose layout scanners pretend to have: plain and with Shift. */
const KEYS: Readonly<Record<string, string>> = {
  Minus: "-_",
  Equal: "=+",
  Period: ".>",
  Slash: "/?",
  Semicolon: ";:",
  Space: "  ",
};
const SHIFTED_DIGITS = ")!@#$%^&*(";

/** The part of a keyboard event that counts. */
export interface Key {
  readonly key: string;
  readonly code: string;
  readonly shiftKey: boolean;
}

/**
 * Collects keys until a code is complete.
 *
 * On a device with a Kazakh or Russian keyboard a scanner's keys come out as Cyrillic letters, so
 * the places of the keys are remembered beside what they mean here.
 */
export class KeyboardScanner {
  #meant = "";
  #places = "";

  get isEmpty(): boolean {
    return this.#meant === "";
  }

  /** Milliseconds to wait for the next key. */
  get patience(): number {
    const isInside = this.#isPass && this.#meant.length < TEXT_LENGTH;
    return isInside || this.#isPartOfPaper ? PATIENCE_MS : PAUSE_MS;
  }

  get #isPass(): boolean {
    return this.#meant.startsWith(PREFIX) || this.#places.startsWith(PREFIX);
  }

  get #isPartOfPaper(): boolean {
    const paper = [this.#meant, this.#places].find(looksLikePaper);
    return paper !== undefined && !isWholePaper(paper);
  }

  add(key: Key): void {
    if (this.#meant.length >= LONGEST) return;
    this.#meant += key.key;
    this.#places += placeOf(key);
  }

  /** What has been typed, on Enter; null when nothing has. */
  finish(): string | null {
    const text = isOurs(this.#places) && !isOurs(this.#meant) ? this.#places : this.#meant;
    this.#meant = "";
    this.#places = "";
    return text === "" ? null : text;
  }

  /** What has been typed, after a pause; null when a person pressed a few keys. */
  pause(): string | null {
    const text = this.finish();
    return text !== null && text.length >= SHORTEST ? text : null;
  }
}

function isOurs(text: string): boolean {
  return text.startsWith(PREFIX) || text.startsWith(SETUP_PREFIX) || looksLikePaper(text);
}

function placeOf(key: Key): string {
  const letter = key.code.match(/^Key([A-Z])$/)?.[1];
  if (letter !== undefined) return letterAt(letter, key);
  const digit = key.code.match(/^Digit([0-9])$/)?.[1];
  const pair = digit === undefined ? KEYS[key.code] : digit + SHIFTED_DIGITS.charAt(Number(digit));
  return pair?.charAt(key.shiftKey ? 1 : 0) ?? key.key;
}

/** Caps Lock is seen only in what a key means, so a Latin letter is taken as it is. */
function letterAt(letter: string, {key, shiftKey}: Key): string {
  if (/^[A-Za-z]$/.test(key)) return key;
  return shiftKey ? letter : letter.toLowerCase();
}
