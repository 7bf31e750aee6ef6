/** A code in the camera's view is judged once. */

import {expect, test} from "vitest";
import {choose, Held} from "../src/held.ts";

const HEADER = "eyJhbGciOiJFUzI1NiJ9";
const [SLIP, OTHER_SLIP] = [`${HEADER}.${"a".repeat(600)}.x`, `${HEADER}.${"a".repeat(600)}.y`];
const PASS = `QP1:${"A".repeat(588)}`;
const RENEWED = `${PASS.slice(0, 500)}${"B".repeat(92)}`;

test("a slip that stays in view is judged once", () => {
  const held = new Held();
  expect(held.pick([SLIP], 0)).toBe(SLIP);
  held.hold(SLIP, true, 0);
  expect([held.pick([SLIP], 2000), held.pick([SLIP], 4000)]).toEqual([null, null]);
});

test("a slip that was away for three seconds is judged again", () => {
  const held = new Held();
  held.hold(SLIP, true, 0);
  expect(held.pick([], 1000)).toBeNull();
  expect(held.pick([SLIP], 3000)).toBe(SLIP);
});

test("another slip is another one, however alike their beginnings are", () => {
  const held = new Held();
  held.hold(SLIP, true, 0);
  expect(held.pick([SLIP, OTHER_SLIP], 100)).toBe(OTHER_SLIP);
});

test("an admitted phone that renews its proof is the same one", () => {
  const held = new Held();
  held.hold(PASS, true, 0);
  expect(held.pick([RENEWED], 100)).toBeNull();
});

test("a phone's pass comes before a slip, and a slip before anything else", () => {
  expect(choose(["https://a.b", SLIP, PASS])).toBe(PASS);
  expect(choose(["https://a.b", SLIP])).toBe(SLIP);
  expect([choose(["https://a.b"]), choose([])]).toEqual(["https://a.b", null]);
});
