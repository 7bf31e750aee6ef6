/** A code in the camera's view is judged once. */

import {expect, test} from "vitest";
import {CodesInView, chooseCode, type SeenCode, textsOf} from "../../src/scanning/in-view.ts";

const HEADER = "eyJhbGciOiJFUzI1NiJ9";
const [SLIP, OTHER_SLIP] = [`${HEADER}.${"a".repeat(600)}.x`, `${HEADER}.${"a".repeat(600)}.y`];
const PASS = `QP1:${"A".repeat(588)}`;
const RENEWED = `${PASS.slice(0, 500)}${"B".repeat(92)}`;

/** A code that is held up, unless told. */
function seen(text: string, share = 0.2, offset = 0.1): SeenCode {
  return {text, share, offset};
}

test("a slip that stays in view is judged once", () => {
  const view = new CodesInView();
  expect(view.pick([seen(SLIP)], 0)).toEqual({text: SLIP});
  view.add(SLIP, true, 0);
  expect(view.pick([seen(SLIP)], 2000)).toEqual({nothing: "judged"});
  expect(view.pick([seen(SLIP)], 4000)).toEqual({nothing: "judged"});
});

test("a slip that was away for three seconds is judged again", () => {
  const view = new CodesInView();
  view.add(SLIP, true, 0);
  expect(view.pick([], 1000)).toEqual({nothing: "empty"});
  expect(view.pick([seen(SLIP)], 3000)).toEqual({text: SLIP});
});

test("a slip whose verdict still stands is not judged again when it comes back", () => {
  const view = new CodesInView();
  view.add(SLIP, true, 0);
  view.keep(9000);
  expect(view.pick([seen(SLIP)], 9100)).toEqual({nothing: "judged"});
});

test("another slip is another one, however alike their beginnings are", () => {
  const view = new CodesInView();
  view.add(SLIP, true, 0);
  expect(view.pick([seen(SLIP), seen(OTHER_SLIP)], 100)).toEqual({text: OTHER_SLIP});
});

test("an admitted phone that renews its proof is the same one", () => {
  const view = new CodesInView();
  view.add(PASS, true, 0);
  expect(view.pick([seen(RENEWED)], 100)).toEqual({nothing: "judged"});
});

test("of two codes the much larger one counts, and when it is judged the small one still does not", () => {
  const view = new CodesInView();
  const codes = [seen(SLIP, 0.05, 0), seen(PASS, 0.2, 0.5)];
  expect(view.pick(codes, 0)).toEqual({text: PASS});
  view.add(PASS, true, 0);
  expect(view.pick(codes, 100)).toEqual({nothing: "judged"});
  // One frame may miss the large one.
  expect(view.pick(codes.slice(0, 1), 200)).toEqual({nothing: "judged"});
  expect(view.pick(codes.slice(0, 1), 1200)).toEqual({text: SLIP});
});

test("of two codes of about one size the central one counts, and without one none", () => {
  const view = new CodesInView();
  expect(view.pick([seen(PASS, 0.1, 0.8), seen(SLIP, 0.09, 0.2)], 0)).toEqual({text: SLIP});
  const beside = [seen(PASS, 0.1, 0.5), seen(SLIP, 0.12, 0.4)];
  expect(view.pick(beside, 0)).toEqual({nothing: "several"});
});

test("a small code at an edge is nobody's, also when it is alone", () => {
  const view = new CodesInView();
  expect(view.pick([seen(PASS, 0.03, 0.8)], 0)).toEqual({nothing: "aside"});
  expect(view.pick([seen(PASS, 0.03, 0.5)], 0)).toEqual({text: PASS});
  expect(view.pick([seen(PASS, 0.05, 0.8)], 0)).toEqual({text: PASS});
});

test("a foreign code is not judged, however large it is, and hides no pass", () => {
  const view = new CodesInView();
  const menu = seen("https://a.b", 0.5, 0);
  expect(view.pick([menu], 0)).toEqual({nothing: "foreign"});
  expect(view.pick([menu, seen(PASS)], 0)).toEqual({text: PASS});
});

test("of a picture the largest pass is taken", () => {
  expect(textsOf([seen("small", 0.1), seen("large", 0.3)])).toEqual(["large", "small"]);
});

test("a phone's pass comes before a slip, and a slip before anything else", () => {
  expect(chooseCode(["https://a.b", SLIP, PASS])).toBe(PASS);
  expect(chooseCode(["https://a.b", SLIP])).toBe(SLIP);
  expect([chooseCode(["https://a.b"]), chooseCode([])]).toEqual(["https://a.b", null]);
});
