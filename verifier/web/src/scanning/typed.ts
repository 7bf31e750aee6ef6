/**
 * The code behind what a handheld scanner types: its layout, its case and what it adds are undone.
 *
 * Scanners put an AIM identifier (ISO/IEC 15424) or a character of their own before a code and
 * after it, some change the case, and what their keys mean is up to the device. A code is so long
 * and so regular that only one way of reading makes one of it. verifier/door/typed.py does the same
 * with passes; the page is set up by such a code, too.
 */

import {PREFIX, TEXT_LENGTH} from "../schemas/presentation.ts";
import {SETUP_PREFIX} from "../trust/setup.ts";
import {readings} from "./layouts.ts";

/** Characters that a scanner adds before a code, or after it. */
const MARGIN = 8;

/** Characters of a text that no person types and no scanner has made of a menu's address. */
const SHORTEST = 100;
const LONG = 400;

const PASS = new RegExp(`${PREFIX}[0-9A-Z $%*+./:-]{${TEXT_LENGTH - PREFIX.length}}`);
const PAPER = /eyJ[\w-]+\.[\w-]+\.[\w-]{86}/;
const SETUP = new RegExp(`${SETUP_PREFIX}[^#\\s]+#[\\w-]{43}`);
const CLEAN = new RegExp(`^.{0,${MARGIN}}(QP1:[0-9A-Z $%*+./:-]*|eyJ[\\w.-]*).{0,${MARGIN}}$`, "s");
const BEGINNING = /QP1|EYJ/;
const BEGINNING_LENGTH = 3;

/** A text to be judged; `isGarbled` says that a keyboard layout has spoilt the code in it. */
export interface Typed {
  readonly text: string;
  readonly isGarbled: boolean;
}

export function typed(text: string): Typed {
  return {text: readTyped(text) ?? text, isGarbled: looksGarbled(text)};
}

/** The code in what was typed; null where no way of reading makes one of it. */
export function readTyped(text: string): string | null {
  for (const reading of readings(text)) {
    const code = codeIn(reading);
    if (code !== null) return code;
  }
  return null;
}

/**
 * Whether a scanner's layout or case has spoilt a pass for good.
 *
 * A pass that is merely too short or too long is none: then the text itself is bad.
 */
export function looksGarbled(text: string): boolean {
  if (text.length < SHORTEST || readTyped(text) !== null || CLEAN.test(text)) return false;
  if (text.length >= LONG && !isAscii(text)) return true;
  return beginsLikePass(text);
}

/** Whether a text begins as a pass does, under some layout and in any case. */
export function beginsLikePass(text: string): boolean {
  const beginning = text.slice(0, MARGIN + BEGINNING_LENGTH);
  return [...readings(beginning)].some((reading) => BEGINNING.test(upper(reading)));
}

function isAscii(text: string): boolean {
  return [...text].every((one) => one < "\u0080");
}

/** A whole code with at most a few characters around it; a phone's has upper case only. */
function codeIn(text: string): string | null {
  const found = PASS.exec(upper(text)) ?? PAPER.exec(text) ?? SETUP.exec(text);
  if (found === null) return null;
  const [code] = found;
  const after = text.length - found.index - code.length;
  return Math.max(found.index, after) > MARGIN ? null : code;
}

/** No letter but the 26 changes, because others change their number, too. */
function upper(text: string): string {
  return text.replace(/[a-z]+/g, (letters) => letters.toUpperCase());
}
