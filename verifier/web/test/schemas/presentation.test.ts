import {expect, test} from "vitest";
import {hasLowS} from "../../src/schemas/presentation.ts";

test.each([
  ["0000000000000000000000000000000000000000000000000000000000000001", true],
  ["7fffffff800000007fffffffffffffffde737d56d38bcf4279dce5617e3192a8", true],
  ["7fffffff800000007fffffffffffffffde737d56d38bcf4279dce5617e3192a9", false],
  ["ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632550", false],
])("s is low up to half of the order: %s", (s, isLow) => {
  const bytes = Uint8Array.from(s.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16));
  const proof = new Uint8Array(64);
  proof.set(bytes, 32);
  expect(hasLowS(proof)).toBe(isLow);
});
