/**
 * Whether a bundle goes on from the one that is held, under one and the same log (docs/formats.md,
 * "When a client refuses a bundle").
 */

import {type PassKey, passKeysOf, type TrustBundle} from "./bundle.ts";
import {BundleRejected} from "./bundle-faults.ts";
import {type Bytes, b64urlDecode, b64urlEncode, hex, isSame} from "./encoding.ts";
import {grow, leafHash, rootOf} from "./log/merkle.ts";
import type {LogProof} from "./log/proofs.ts";
import {leafAt, rootAt, type Tail} from "./log/tails.ts";

/** The largest tree of a log that was seen: its key as text, its size, its root in base64url. */
export interface LogMemory {
  readonly key: string;
  readonly size: bigint;
  readonly root: string;
}

/** A bundle, its entry in the log (32 bytes), and the proof that it is there. */
export interface Logged {
  readonly bundle: TrustBundle;
  readonly entry: Bytes;
  readonly proof: LogProof;
}

/** What to remember of the log now, and whether it is known to have only grown. */
interface Followed {
  readonly memory: LogMemory;
  readonly isKnown: boolean;
}

/**
 * Compare two views of one log; throws BundleRejected where it has not only grown: `split_view` by
 * the proofs, `log_forked` by `leaves`, the leaf hashes of the whole log of the new size.
 *
 * Where it is not known, the tree of before is remembered on, until it can be compared.
 */
export async function followLog(
  offered: Logged,
  held: Logged | null,
  memory: LogMemory,
  leaves: readonly Bytes[] | null,
): Promise<Followed> {
  const {checkpoint, tail} = offered.proof;
  const {size, root} = checkpoint;
  if (held !== null) await checkTrees(offered.proof, held.proof);
  if (size < memory.size) {
    const isKnown = held !== null && (await agrees(held.proof.tail, size, root));
    return {memory, isKnown};
  }
  const newest = {key: memory.key, size, root: b64urlEncode(root)};
  if (held !== null) await checkLeaf(offered.proof, held);
  const isKnown =
    (await agrees(tail, memory.size, b64urlDecode(memory.root))) ||
    (leaves !== null && (await agreeLeaves(leaves, memory, newest)));
  return {memory: isKnown ? newest : memory, isKnown};
}

/** Throws BundleRejected where keys changed unsaid, or an entry has another one before it. */
export function checkContinuity(offered: Logged, held: Logged): void {
  const {previous, tracing, tracingExports} = offered.bundle;
  const isNext = offered.proof.index === held.proof.index + 1n;
  if (isNext && previous !== b64urlEncode(held.entry)) throw new BundleRejected("split_view");
  const unretired = passKeysOf(held.bundle).filter(({id}) => {
    return !offered.bundle.retiredIds.has(b64urlEncode(id));
  });
  if (
    differ(byCell(unretired), byCell(passKeysOf(offered.bundle))) ||
    differ(held.bundle.tracing, tracing) ||
    differ(held.bundle.tracingExports, tracingExports)
  ) {
    throw new BundleRejected("keys_replaced");
  }
}

/** Whether a tail has that root; false where it does not reach there, `split_view` for another. */
export async function agrees(tail: Tail, size: bigint, root: Bytes): Promise<boolean> {
  const found = await rootAt(tail, size);
  if (found !== null && !isSame(found, root)) throw new BundleRejected("split_view");
  return found !== null;
}

/** Two proofs show one tree, as far as that of the larger one reaches back. */
async function checkTrees(one: LogProof, other: LogProof): Promise<void> {
  const isFirst = one.checkpoint.size <= other.checkpoint.size;
  const [smaller, larger] = isFirst ? [one, other] : [other, one];
  await agrees(larger.tail, smaller.checkpoint.size, smaller.checkpoint.root);
}

/** What is held must still be where it was, as far as the proof reaches back. */
async function checkLeaf({tail}: LogProof, held: Logged): Promise<void> {
  const {index} = held.proof;
  const leaf = leafAt(tail, index);
  const isThere = leaf !== null && isSame(leaf, await leafHash(held.entry));
  if (index >= tail.start && !isThere) throw new BundleRejected("split_view");
}

/**
 * Whether the leaves show the tree of before; `log_forked` for another one.
 *
 * Those that are not of the new tree, which nobody has signed, prove nothing.
 */
async function agreeLeaves(
  leaves: readonly Bytes[],
  memory: LogMemory,
  newest: LogMemory,
): Promise<boolean> {
  const seen = Number(memory.size);
  const before = await grow([], leaves.slice(0, seen));
  const after = await grow(before, leaves.slice(seen));
  const isOfNewest = b64urlEncode(await rootOf(after)) === newest.root;
  if (BigInt(leaves.length) !== newest.size || !isOfNewest) return false;
  if (b64urlEncode(await rootOf(before)) !== memory.root) throw new BundleRejected("log_forked");
  return true;
}

function byCell(keys: readonly PassKey[]): ReadonlyMap<string, Bytes> {
  const cells = keys.map(({window: {nbf, exp}, status, holder, id}) => {
    return [`${nbf}/${exp}/${status}/${holder}`, id] as const;
  });
  return new Map(cells);
}

/** Whether something that both have is not the same in both. */
function differ<Name>(before: ReadonlyMap<Name, Bytes>, after: ReadonlyMap<Name, Bytes>): boolean {
  return [...before].some(([name, value]) => hex(after.get(name) ?? value) !== hex(value));
}
