/** Where a log's leaf hashes are to be fetched. */

import {expect, test} from "vitest";
import {cutTile, tilesOf} from "../../../src/schemas/log/tiles.ts";
import {casesOf} from "./vectors.ts";

interface Case {
  readonly path: string;
  readonly ok: boolean;
  readonly index: string;
  readonly width: number;
}

const LEAVES = casesOf<Case>("tiles").filter(({path, ok}) => ok && path.startsWith("0/"));

test.each(LEAVES)("leaf hashes are asked for at $path", ({path, index, width}) => {
  expect(LEAVES.length).toBeGreaterThan(1);
  const [first] = tilesOf(256 * Number(index) + width).at(-1)?.paths ?? [];
  expect(`0/${first}`).toBe(path);
});

test("tiles have the names of the specification, and a partial one two", () => {
  expect(tilesOf(0)).toEqual([]);
  expect(tilesOf(256)).toEqual([{width: 256, paths: ["000"]}]);
  expect(tilesOf(257).at(-1)).toEqual({width: 1, paths: ["001.p/1", "001"]});
  expect(tilesOf(256 * 1001 + 3).at(-2)).toEqual({width: 256, paths: ["x001/000"]});
  expect(tilesOf(256 * 1001 + 3).at(-1)).toEqual({width: 3, paths: ["x001/001.p/3", "x001/001"]});
});

test("a tile gives as many hashes as are asked for, or none", () => {
  const data = new Uint8Array(96).map((_, at) => at);
  expect(cutTile(data, 3)?.map((hash) => hash[0])).toEqual([0, 32, 64]);
  expect(cutTile(data, 2)?.length).toBe(2);
  expect(cutTile(data, 4)).toBeNull();
});
