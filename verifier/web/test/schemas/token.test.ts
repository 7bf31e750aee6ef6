/** An issuer's name is as long as Python allows, and no longer. */

import {expect, test} from "vitest";
import {InvalidText} from "../../src/schemas/encoding.ts";
import {challengeDigest} from "../../src/schemas/token.ts";

test("a name has 1 to 100 characters", async () => {
  expect((await challengeDigest("a".repeat(100))).length).toBe(32);
  await expect(challengeDigest("a".repeat(101))).rejects.toThrow(InvalidText);
  await expect(challengeDigest("")).rejects.toThrow(InvalidText);
});
