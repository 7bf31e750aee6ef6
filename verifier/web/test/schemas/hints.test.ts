import {expect, test} from "vitest";
import {allHints} from "../../src/schemas/hints.ts";

test("there is one hint of none, 12 months, or 366 days with 29 February", () => {
  const [none, months, days] = [allHints("none"), allHints("month"), allHints("day")];
  expect(none).toEqual([null]);
  expect([months[0], months.at(-1), new Set(months).size]).toEqual(["01", "12", 12]);
  expect([days[0], days.at(-1), new Set(days).size]).toEqual(["01-01", "12-31", 366]);
  expect(days).toContain("02-29");
  expect(days).not.toContain("02-30");
});

test("a day's hint begins with its month's", () => {
  const begins = new Set(allHints("day").map((day) => day?.slice(0, 2)));
  expect([...begins]).toEqual(allHints("month"));
});
