/** What a handheld scanner types, told apart from a person at the keyboard. */

import {isWholePaper, looksLikePaper} from "../schemas/paper.ts";
import {TEXT_LENGTH} from "../schemas/presentation.ts";
import {characterAt} from "./layouts.ts";
import {beginsLikePass, looksGarbled, readTyped, type Typed} from "./typed.ts";

/** Milliseconds without a key after which a scanner has finished, or a person is typing. */
const PAUSE_MS = 1000;

/** The same in the middle of a pass: a busy device must not take its first half for a whole code. */
const PATIENCE_MS = 5000;

/** Twice what the largest QR code holds (ISO/IEC 18004). */
const LONGEST = 8192;

/** Characters that come out of a scanner without a final Enter; a person types fewer at a time. */
const SHORTEST = 20;

/** Characters after which it is clear whether a text begins like a pass. */
const BEGINNING = 12;

/** Milliseconds after a code within which its end may come in several keys. */
const ENDS_MS = 500;

/** The part of a keyboard event that counts. */
export interface Key {
  readonly key: string;
  readonly code: string;
  readonly shiftKey: boolean;
}

/**
 * Collects keys until a code is complete.
 *
 * Where this device has another layout than the scanner, other characters come out of its keys; so
 * their places are remembered beside what they mean here.
 */
export class KeyboardScanner {
  #meant = "";
  #places = "";
  #isBegun = false;

  get isEmpty(): boolean {
    return this.#meant === "";
  }

  /** Milliseconds to wait for the next key. */
  get patience(): number {
    const paper = [this.#meant, this.#places].find(looksLikePaper);
    const isInside =
      paper === undefined
        ? this.#isBegun && this.#meant.length < TEXT_LENGTH
        : !isWholePaper(paper);
    return isInside ? PATIENCE_MS : PAUSE_MS;
  }

  add(key: Key): void {
    if (this.#meant.length >= LONGEST) return;
    const place = characterAt(key.code, key.shiftKey);
    // An accent that waits for its letter, and a key of an input method, have a place only.
    const meant = key.key.length === 1 ? key.key : (place ?? "");
    this.#meant += meant;
    this.#places += place ?? meant;
    if (this.#meant.length <= BEGINNING) {
      this.#isBegun = beginsLikePass(this.#meant) || beginsLikePass(this.#places);
    }
  }

  /** What has been typed, on Enter; null when nothing has. */
  finish(): Typed | null {
    const [meant, places] = [this.#meant, this.#places];
    this.#meant = "";
    this.#places = "";
    this.#isBegun = false;
    if (meant === "") return null;
    const text = readTyped(places) ?? readTyped(meant) ?? meant;
    return {text, isGarbled: looksGarbled(places) && looksGarbled(meant)};
  }

  /** What has been typed, after a pause; null when a person pressed a few keys. */
  pause(): Typed | null {
    const typed = this.finish();
    return typed !== null && typed.text.length >= SHORTEST ? typed : null;
  }
}

/** A key as far as it may end a code: CR and LF come as Enter, Ctrl+M or Ctrl+J. */
export interface EndKey extends Key {
  readonly ctrlKey: boolean;
}

export function isEnd({key, code, ctrlKey}: EndKey): boolean {
  return ctrlKey ? code === "KeyJ" || code === "KeyM" : key === "Enter" || key === "Tab";
}

/** Tells the keys that still end the last code from those that somebody presses. */
export class LastEnd {
  #at = Number.NEGATIVE_INFINITY;

  /** A code has ended at `at` (milliseconds). */
  mark(at: number): void {
    this.#at = at;
  }

  /** Somebody did something else meanwhile. */
  forget(): void {
    this.#at = Number.NEGATIVE_INFINITY;
  }

  /** Whether a key that ends codes, pressed at `at`, belongs to the code before. */
  takes(at: number): boolean {
    if (at - this.#at >= ENDS_MS) return false;
    this.mark(at);
    return true;
  }
}
