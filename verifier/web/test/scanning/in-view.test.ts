/** A code in the camera's view is judged once. */

import {expect, test} from "vitest";
import {CodesInView, chooseCode} from "../../src/scanning/in-view.ts";

const HEADER = "eyJhbGciOiJFUzI1NiJ9";
const [SLIP, OTHER_SLIP] = [`${HEADER}.${"a".repeat(600)}.x`, `${HEADER}.${"a".repeat(600)}.y`];
const PASS = `QP1:${"A".repeat(588)}`;
const RENEWED = `${PASS.slice(0, 500)}${"B".repeat(92)}`;

test("a slip that stays in view is judged once", () => {
  const view = new CodesInView();
  expect(view.pick([SLIP], 0)).toBe(SLIP);
  view.add(SLIP, true, 0);
  expect([view.pick([SLIP], 2000), view.pick([SLIP], 4000)]).toEqual([null, null]);
});

test("a slip that was away for three seconds is judged again", () => {
  const view = new CodesInView();
  view.add(SLIP, true, 0);
  expect(view.pick([], 1000)).toBeNull();
  expect(view.pick([SLIP], 3000)).toBe(SLIP);
});

test("another slip is another one, however alike their beginnings are", () => {
  const view = new CodesInView();
  view.add(SLIP, true, 0);
  expect(view.pick([SLIP, OTHER_SLIP], 100)).toBe(OTHER_SLIP);
});

test("an admitted phone that renews its proof is the same one", () => {
  const view = new CodesInView();
  view.add(PASS, true, 0);
  expect(view.pick([RENEWED], 100)).toBeNull();
});

test("a phone's pass comes before a slip, and a slip before anything else", () => {
  expect(chooseCode(["https://a.b", SLIP, PASS])).toBe(PASS);
  expect(chooseCode(["https://a.b", SLIP])).toBe(SLIP);
  expect([chooseCode(["https://a.b"]), chooseCode([])]).toEqual(["https://a.b", null]);
});
