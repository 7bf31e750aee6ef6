import {correction, generate} from "lean-qr";
import {expect, test} from "vitest";
import {
  checkName,
  DEFAULT_HOURS,
  formatCheckIn,
  NAME_BYTES,
  parseCheckIn,
} from "../../src/schemas/check-in.ts";
import {publicHalf} from "../../src/schemas/hour-keys.ts";

const key = publicHalf(new Uint8Array(32).fill(7));
const keys = Array.from({length: DEFAULT_HOURS}, () => key);
const grid = Uint8Array.from({length: 16}, (_, at) => at);
const code = {firstHour: 492_703, keys, grid, name: "қ".repeat(NAME_BYTES / 2)};

test("a code under the longest name is at most version 12 at level M", () => {
  const level = correction.M;
  const text = formatCheckIn(code);
  const {size} = generate(text, {minCorrectionLevel: level, maxCorrectionLevel: level});
  expect(size).toBeLessThanOrEqual(17 + 4 * 12);
  expect(parseCheckIn(text)).toEqual(code);
});

test.each([
  ["Кафе \u{1fae8}", true],
  ["never assigned \u{fffe}\u{e0fff}", true],
  ["turned \u202eround", false],
  ["formats hieroglyphs \u{13439}", false],
  ["half a pair \ud800", false],
])("names have the same characters in every version of Unicode: %j", (name, isTaken) => {
  expect(checkName(name)).toBe(isTaken ? name : null);
});
