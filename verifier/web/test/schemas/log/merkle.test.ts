/** Merkle trees, against the definition in RFC 6962. */

import {expect, test} from "vitest";
import {hex} from "../../../src/schemas/encoding.ts";
import {grow, rootByPath, rootOf, subtreeSizes} from "../../../src/schemas/log/merkle.ts";
import {fromHex} from "../../hex.ts";
import {Log, pathOf, treeHash} from "../../log.ts";

test("a tree that grows from any size on has the root of the whole", async () => {
  const {leaves} = new Log("log").fill(70);
  for (const start of [0, 1, 2, 27, 28, 63, 64, 69, 70]) {
    const before = await grow([], leaves.slice(0, start));
    expect(before.map(({size}) => size)).toEqual(subtreeSizes(BigInt(start)));
    const root = await rootOf(await grow(before, leaves.slice(start)));
    expect(hex(root)).toBe(hex(treeHash(leaves)));
  }
});

test("an inclusion proof leads to the root from its own place and no other", async () => {
  const {leaves} = new Log("log").fill(13);
  const root = hex(treeHash(leaves));
  for (const [index, leaf] of leaves.entries()) {
    const path = pathOf(index, leaves);
    for (let at = 0; at < 14; at++) {
      const found = await rootByPath(leaf, BigInt(at), BigInt(leaves.length), path);
      expect(found !== null && hex(found) === root).toBe(at === index);
    }
  }
});

test("an inclusion proof of another length leads nowhere", async () => {
  const {leaves} = new Log("log").fill(5);
  const [leaf = fromHex("")] = leaves;
  const path = pathOf(0, leaves);
  expect(await rootByPath(leaf, 0n, 5n, path.slice(1))).toBeNull();
  expect(await rootByPath(leaf, 0n, 5n, [leaf, ...path])).toBeNull();
  expect(await rootByPath(leaf, 5n, 5n, path)).toBeNull();
  expect(await rootByPath(leaf, 0n, 0n, [])).toBeNull();
  expect(await rootByPath(leaf, 1n, 1n, [])).toBeNull();
  expect(await rootByPath(leaf, 0n, 1n, [])).toEqual(leaf);
});

test("sizes beyond 32 bits are numbers like all others", () => {
  expect(subtreeSizes(2n ** 62n + 2n ** 33n + 3n)).toEqual([2n ** 62n, 2n ** 33n, 2n, 1n]);
});
