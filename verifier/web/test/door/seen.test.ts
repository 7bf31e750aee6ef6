/** The same as tests/verifier/door/test_seen.py. */

import {expect, test} from "vitest";
import {SeenSet} from "../../src/door/seen.ts";

const [ONE, OTHER, NOW] = ["one", "other", 1_000_000];

function seenAt(now: number): SeenSet {
  const seen = new SeenSet();
  seen.add(ONE, now);
  return seen;
}

test("a pass that was not admitted is not seen", () => {
  expect(new SeenSet().secondsSince(ONE, NOW)).toBeNull();
  expect(seenAt(NOW).secondsSince(OTHER, NOW)).toBeNull();
});

test.each([
  [0, 0],
  [1, 1],
  [179, 179],
  [180, null],
])("a pass is remembered for three minutes: after %i s", (after, seconds) => {
  expect(seenAt(NOW).secondsSince(ONE, NOW + after)).toBe(seconds);
});

test.each([
  [1, 0],
  [179, 0],
  [180, null],
  [1_000_000, null],
])("a clock set back neither forgets at once nor keeps for ever: by %i s", (back, seconds) => {
  expect(seenAt(NOW).secondsSince(ONE, NOW - back)).toBe(seconds);
});

test("nothing is kept for longer than three minutes", () => {
  const seen = new SeenSet();
  for (let second = 0; second < 1000; second++) {
    seen.add(String(second), NOW + second);
    seen.prune(NOW + second);
    expect(seen.size).toBeLessThanOrEqual(180);
  }
  seen.prune(NOW + 999 + 180);
  expect(seen.size).toBe(0);
});

test("what was added before the clock was set back goes too", () => {
  const seen = seenAt(NOW);
  seen.add(OTHER, NOW - 10_000);
  expect(seen.secondsSince(OTHER, NOW - 10_000)).toBe(0);
  expect(seen.size).toBe(1);
});

test("a pass admitted again counts from then", () => {
  const seen = seenAt(NOW);
  seen.add(ONE, NOW + 180);
  expect(seen.secondsSince(ONE, NOW + 200)).toBe(20);
});
