/**
 * The end of a log, as a proof carries it: enough to see that the log only grew.
 *
 * It has the hashes of the perfect subtrees of the first `start` leaves, and each later leaf hash.
 * Who remembers a root at one of these sizes, or a leaf at one of these places, compares it without
 * asking anybody.
 */

import {type Bytes, InvalidText} from "../encoding.ts";
import {grow, HASH_BYTES, rootOf, type Subtree, subtreeSizes} from "./merkle.ts";

/** Leaf hashes in a tail: a week of bundles that are made every six hours. */
const TAIL_LEAVES = 28n;

const START_BYTES = 8;

/** Nothing of it is known to be true before {@link rootAt} has shown a root that is. */
export interface Tail {
  readonly start: bigint;
  readonly subtrees: readonly Subtree[];
  readonly leaves: readonly Bytes[];
}

/**
 * The tail of a tree of `size` leaves; throws InvalidText for bytes of another form.
 *
 * s (8 bytes) || the subtree hashes of the first s leaves, largest first || the leaf hashes from s
 * on, with s = max(0, size − 28).
 */
export function parseTail(data: Bytes, size: bigint): Tail {
  const start = size > TAIL_LEAVES ? size - TAIL_LEAVES : 0n;
  const sizes = subtreeSizes(start);
  const count = sizes.length + Number(size - start);
  if (data.length !== START_BYTES + count * HASH_BYTES || startOf(data) !== start) {
    throw new InvalidText("not the tail of a tree of this size");
  }
  const hashes = Array.from({length: count}, (_, place) => {
    const at = START_BYTES + place * HASH_BYTES;
    return data.slice(at, at + HASH_BYTES);
  });
  const leaves = hashes.splice(sizes.length);
  const subtrees = hashes.map((hash, place) => ({size: sizes[place] ?? 0n, hash}));
  return {start, subtrees, leaves};
}

/** The root of the first `size` leaves; null where the tail does not reach there. */
export async function rootAt(tail: Tail, size: bigint): Promise<Bytes | null> {
  const {start, subtrees, leaves} = tail;
  const more = Number(size - start);
  if (more < 0 || more > leaves.length) return null;
  return rootOf(await grow(subtrees, leaves.slice(0, more)));
}

/** The leaf hash at `index`; null where the tail does not reach there. */
export function leafAt({start, leaves}: Tail, index: bigint): Bytes | null {
  return leaves[Number(index - start)] ?? null;
}

function startOf(data: Bytes): bigint {
  return new DataView(data.buffer, data.byteOffset).getBigUint64(0);
}
