/**
 * Merkle trees over SHA-256 (RFC 6962 section 2.1), for trees of which few hashes are known.
 *
 * Sizes and indexes are whole numbers of up to 63 bits, as other programs have them.
 *
 * The first leaves of a tree are told by its perfect subtrees, largest first: one for each power of
 * two in their number.
 */

import {type Bytes, concat} from "../encoding.ts";
import {sha256} from "../webcrypto.ts";

export const HASH_BYTES = 32;

const [LEAF, NODE] = [Uint8Array.of(0), Uint8Array.of(1)];

/** A perfect subtree: `size` leaves, a power of two. */
export interface Subtree {
  readonly size: bigint;
  readonly hash: Bytes;
}

/** The hash of an entry as a leaf, 32 bytes. */
export function leafHash(entry: Bytes): Promise<Bytes> {
  return sha256(concat(LEAF, entry));
}

function nodeHash(left: Bytes, right: Bytes): Promise<Bytes> {
  return sha256(concat(NODE, left, right));
}

/** The sizes of the perfect subtrees of so many leaves, largest first; they sum up to it. */
export function subtreeSizes(leaves: bigint): bigint[] {
  const sizes: bigint[] = [];
  for (let rest = leaves; rest > 0n; rest -= sizes.at(-1) ?? 0n) sizes.push(powerUpTo(rest));
  return sizes;
}

/** The subtrees after so many more leaves, of which the hashes are given. */
export async function grow(
  before: readonly Subtree[],
  leaves: readonly Bytes[],
): Promise<readonly Subtree[]> {
  const subtrees = [...before];
  for (const hash of leaves) await append(subtrees, {size: 1n, hash});
  return subtrees;
}

/** Two subtrees of one size are one of the next. */
async function append(subtrees: Subtree[], last: Subtree): Promise<void> {
  let joined = last;
  while (subtrees.at(-1)?.size === joined.size) {
    const left = subtrees.pop() as Subtree;
    joined = {size: 2n * joined.size, hash: await nodeHash(left.hash, joined.hash)};
  }
  subtrees.push(joined);
}

/** The root of the tree that consists of these subtrees. */
export async function rootOf(subtrees: readonly Subtree[]): Promise<Bytes> {
  const hashes = subtrees.map(({hash}) => hash);
  let root = hashes.pop() ?? (await sha256(new Uint8Array(0)));
  for (const hash of hashes.reverse()) root = await nodeHash(hash, root);
  return root;
}

/**
 * The root to which the inclusion proof of a leaf leads (RFC 6962 section 2.1.1); null for a path
 * of another length than `index` and `size` ask for. `path` begins with the leaf's sibling.
 */
export async function rootByPath(
  leaf: Bytes,
  index: bigint,
  size: bigint,
  path: readonly Bytes[],
): Promise<Bytes | null> {
  if (size <= 1n) return index === 0n && size === 1n && path.length === 0 ? leaf : null;
  const sibling = path.at(-1);
  const left = powerUpTo(size - 1n);
  if (sibling === undefined || index >= size) return null;
  const isLeft = index < left;
  const [at, within] = isLeft ? [index, left] : [index - left, size - left];
  const root = await rootByPath(leaf, at, within, path.slice(0, -1));
  if (root === null) return null;
  return isLeft ? nodeHash(root, sibling) : nodeHash(sibling, root);
}

/** The largest power of two that is not above a positive number. */
function powerUpTo(number: bigint): bigint {
  let power = 1n;
  while (2n * power <= number) power *= 2n;
  return power;
}
