/** The same words as Python's: tests/schemas/test_durations.py. */

import {readFileSync} from "node:fs";
import {expect, test} from "vitest";
import {durationText, withZone} from "../../src/schemas/durations.ts";
import type {Texts} from "../../src/schemas/languages.ts";
import {LANGUAGES} from "../../src/schemas/languages.ts";

interface Case {
  readonly seconds: number;
  readonly texts: Texts;
  readonly zone: boolean;
}

const FILE = new URL("../../../../tests/vectors/durations.json", import.meta.url);
const cases: readonly Case[] = JSON.parse(readFileSync(FILE, "utf-8"));

test.each(cases)("$seconds seconds", ({seconds, texts, zone}) => {
  for (const language of LANGUAGES) {
    expect(durationText(seconds, language)).toBe(texts[language]);
    expect(withZone("", seconds, language) !== "").toBe(zone);
  }
});
