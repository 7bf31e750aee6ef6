/** A slip that a handheld scanner types. */

import {expect, test} from "vitest";
import {isEnd, type Key, KeyboardScanner, LastEnd} from "../../src/scanning/keyboard.ts";

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
  expect(scanner.finish()).toEqual({text: SLIP, isGarbled: false});
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

test("an accent that waits for a letter is known by its place", () => {
  const scanner = new KeyboardScanner();
  const pass = `QP1:+A${"0".repeat(586)}`;
  for (const one of pass) {
    const [key, code] = one === "+" ? ["Dead", "Equal"] : [one === ":" ? "Ö" : one, placeOf(one)];
    scanner.add({key, code, shiftKey: /[A-Z:+]/.test(one)});
  }
  expect(scanner.finish()).toEqual({text: pass, isGarbled: false});
});

function placeOf(one: string): string {
  if (/[A-Z]/.test(one)) return `Key${one}`;
  return one === ":" ? "Semicolon" : `Digit${one}`;
}

test("a code that a layout has spoilt is told", () => {
  const scanner = new KeyboardScanner();
  for (const key of `QP1Ñ${"0".repeat(588)}`) scanner.add({key, code: "", shiftKey: false});
  expect(scanner.finish()?.isGarbled).toBe(true);
});

test("CR and LF end a code also as Ctrl+M and Ctrl+J, under any layout", () => {
  const keys = [
    ["Enter", "Enter", false],
    ["Tab", "Tab", false],
    ["о", "KeyJ", true],
    ["m", "KeyM", true],
    ["j", "KeyJ", false],
    ["v", "KeyV", true],
  ] as const;
  const ends = keys.map(([key, code, ctrlKey]) => isEnd({key, code, ctrlKey, shiftKey: false}));
  expect(ends).toEqual([true, true, true, true, false, false]);
});

test("what ends a code may come in several keys, each within half a second", () => {
  const last = new LastEnd();
  expect(last.takes(0)).toBe(false);
  last.mark(1000);
  expect([last.takes(1400), last.takes(1800), last.takes(2300)]).toEqual([true, true, false]);
});
