/** Hours, and which can be handed to the authority: as tests/verifier/presence has it. */

import {expect, test} from "vitest";
import {hoursToTrace, stretches} from "../../src/presence/tracing.ts";
import {firstHourAt} from "../../src/schemas/check-in.ts";
import {
  beginOf,
  dateOf,
  dayAt,
  HOURS,
  hourAt,
  hourBytes,
  tracingEnds,
} from "../../src/schemas/hours.ts";

const [HOUR, DAY] = [3600, 86_400];
const NOON = 1_773_730_800; // 2026-03-17T07:00:00Z.
const DATES = ["2026-03-15", "2026-03-17"];
const now = NOON + 1800;

test("an hour lies in its date and has four bytes", () => {
  const hour = hourAt(NOON + 3599);
  expect(beginOf(hour)).toBe(NOON);
  expect(dateOf(hour)).toBe("2026-03-17");
  expect(dateOf(hour - 8)).toBe("2026-03-16");
  expect(dayAt(beginOf(hour))).toBe(Math.floor(hour / 24));
  expect([...hourBytes(HOURS - 1)]).toEqual([0, 0x12, 0x34, 0x55]);
});

test.each([-1, HOURS, Number.NaN])("there is no hour %d", (hour) => {
  expect(() => hourBytes(hour)).toThrow(RangeError);
});

test("what belongs to a date dies 14 days after it began", () => {
  expect(tracingEnds("2026-03-17")).toBe(NOON - 7 * HOUR + 14 * DAY);
  expect(tracingEnds("no date")).toBeNaN();
});

test("a code begins in the hour before for two minutes", () => {
  const hour = hourAt(NOON);
  expect([0, 119, 120].map((seconds) => firstHourAt(NOON + seconds) - hour)).toEqual([-1, -1, 0]);
});

test("all hours are named of which some part is asked for", () => {
  const asked = {from: NOON - 2 * HOUR + 1799, to: NOON + 1};
  const hour = hourAt(NOON);
  const hours = [hour - 2, hour - 1, hour];
  expect(hoursToTrace(asked, DATES, now)).toEqual({hours, missing: 0});
  expect(hoursToTrace({...asked, to: NOON}, DATES, now)).toEqual({
    hours: hours.slice(0, 2),
    missing: 0,
  });
});

test("hours without a seed are counted, those with one named", () => {
  const asked = {from: NOON - 48 * HOUR, to: NOON};
  const named = hoursToTrace(asked, DATES, now);
  if (typeof named === "string") throw new Error(named);
  expect(named.missing).toBe(24);
  expect(stretches(named.hours)).toEqual([
    {begins: NOON - 48 * HOUR, ends: NOON - 31 * HOUR, hours: 17},
    {begins: NOON - 7 * HOUR, ends: NOON, hours: 7},
  ]);
});

test.each([
  ["trace_no_times", Number.NaN, NOON],
  ["trace_no_times", NOON, Number.NaN],
  ["trace_order", NOON, NOON],
  ["trace_order", NOON, NOON - HOUR],
  ["trace_not_begun", NOON, NOON + HOUR + 1],
  ["trace_no_seeds", NOON - 30 * HOUR, NOON - 10 * HOUR],
  ["trace_no_seeds", -1e12, 0],
])("%s: from %d to %d", (fault, from, to) => {
  expect(hoursToTrace({from, to}, DATES, now)).toBe(fault);
});

test("the hour that runs can be named", () => {
  const named = hoursToTrace({from: NOON, to: NOON + HOUR}, DATES, NOON);
  expect(named).toEqual({hours: [hourAt(NOON)], missing: 0});
});
