/** A camera that shows nothing is noticed. */

import {expect, test} from "vitest";
import {PictureWatch} from "../../src/scanning/picture-watch.ts";

test("a camera that gives no first frame is still", () => {
  const watch = new PictureWatch(1000);
  expect([watch.silenceAt(3999), watch.silenceAt(4000)]).toEqual([null, "camera_still"]);
});

test("a camera whose pictures stop is still, until they go on", () => {
  const watch = new PictureWatch(0);
  watch.see(200, 1000);
  expect([watch.silenceAt(3900), watch.silenceAt(4000)]).toEqual([null, "camera_still"]);
  watch.see(200, 6000);
  expect(watch.silenceAt(6001)).toBeNull();
});

test("a camera whose pictures are black is dark, until one is not", () => {
  const watch = new PictureWatch(0);
  for (const at of [1000, 2000, 3000]) watch.see(10, at);
  expect(watch.silenceAt(3000)).toBe("camera_dark");
  watch.see(25, 3100);
  expect(watch.silenceAt(3101)).toBeNull();
});
