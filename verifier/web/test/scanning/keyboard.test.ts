/** A slip that a handheld scanner types. */

import {expect, test} from "vitest";
import {type Key, KeyboardScanner} from "../../src/scanning/keyboard.ts";

const LATIN = "abcdefghijklmnopqrstuvwxyz";
const CYRILLIC = "фисвуапршолдьтщзйкыегмцчня";
const PLACES: Readonly<Record<string, string>> = {"-": "Minus", _: "Minus", ".": "Period"};
const SLIP = `eyJhbGciOiJFUzI1NiJ9.eyJ4IjoiLV8ifQ.${"aB3-_".repeat(17)}A`;

/** The key of a letter on a keyboard whose Latin letters are Cyrillic ones, or are not. */
function letterKey(letter: string, isCyrillic: boolean): Key {
  const lower = letter.toLowerCase();
  const shiftKey = letter !== lower;
  const other = CYRILLIC.charAt(LATIN.indexOf(lower));
  const meant = shiftKey ? other.toUpperCase() : other;
  return {key: isCyrillic ? meant : letter, code: `Key${lower.toUpperCase()}`, shiftKey};
}

function keysOf(text: string, isCyrillic: boolean): Key[] {
  return [...text].map((key) => {
    if (/[a-z]/i.test(key)) return letterKey(key, isCyrillic);
    return {key, code: PLACES[key] ?? `Digit${key}`, shiftKey: key === "_"};
  });
}

test.each([false, true])("is read on any keyboard (Cyrillic: %s)", (isCyrillic) => {
  const scanner = new KeyboardScanner();
  for (const key of keysOf(SLIP, isCyrillic)) scanner.add(key);
  expect(scanner.finish()).toBe(SLIP);
});

test.each([false, true])("is waited for until its last part is there (Cyrillic: %s)", (is) => {
  const scanner = new KeyboardScanner();
  const patience = keysOf(SLIP, is).map((key) => {
    scanner.add(key);
    return scanner.patience;
  });
  expect(patience.slice(3, -1).every((milliseconds) => milliseconds === 5000)).toBe(true);
  expect(patience.at(-1)).toBe(1000);
});
