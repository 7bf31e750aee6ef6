/** The same vectors as Python's: what scanners type is read, or told apart from a bad pass. */

import {readFileSync} from "node:fs";
import {expect, test} from "vitest";
import {looksGarbled, readTyped} from "../../src/scanning/typed.ts";

interface Case {
  readonly name: string;
  readonly text: string;
  readonly reads: string | null;
  readonly garbled: boolean;
}

const FILE = new URL("../../../../tests/vectors/scanners.json", import.meta.url);
const cases: readonly Case[] = JSON.parse(readFileSync(FILE, "utf-8"));
const SETUP = `QS1:https://qupia.example#${"aB3-_Z7".repeat(6)}a`;

test("there are vectors", () => {
  expect(cases.length).toBeGreaterThan(30);
});

test.each(cases)("$name", ({text, reads, garbled}) => {
  expect([readTyped(text), looksGarbled(text)]).toEqual([reads, garbled]);
});

test("a set-up code is read as well, and stays as it is", () => {
  expect(readTyped(`]Q1${SETUP}\r`)).toBe(SETUP);
});
