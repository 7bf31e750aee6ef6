/** Tiles: the leaf hashes of a log as its host serves them (C2SP tlog-tiles). */

import type {Bytes} from "../encoding.ts";
import {HASH_BYTES} from "./merkle.ts";

const TILE_LEAVES = 256;

/** `width` leaf hashes, and the paths below `tile/0/` where they may be, in the order to ask. */
export interface Tile {
  readonly width: number;
  readonly paths: readonly string[];
}

/** The tiles that hold the leaf hashes of a log of `size`, the first ones first. */
export function tilesOf(size: number): Tile[] {
  return Array.from({length: Math.ceil(size / TILE_LEAVES)}, (_, index) => {
    const width = Math.min(TILE_LEAVES, size - index * TILE_LEAVES);
    const whole = indexPath(index);
    return {width, paths: width < TILE_LEAVES ? [`${whole}.p/${width}`, whole] : [whole]};
  });
}

/** The first hashes of a tile; null where it has fewer. */
export function cutTile(data: Bytes, width: number): Bytes[] | null {
  if (data.length < width * HASH_BYTES) return null;
  return Array.from({length: width}, (_, place) => {
    return data.slice(place * HASH_BYTES, (place + 1) * HASH_BYTES);
  });
}

/** 1234067 is `x001/x234/067`. */
function indexPath(index: number): string {
  const digits = String(index);
  const groups = digits.padStart(3 * Math.ceil(digits.length / 3), "0").match(/.{3}/g) ?? [];
  return groups.map((group, at) => (at < groups.length - 1 ? `x${group}` : group)).join("/");
}
