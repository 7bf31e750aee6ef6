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
 */
export async function followLog(
  offered: Logged,
  held: Logged | null,
  memory: LogMemory,
  leaves: readonly Bytes[] | null,
): Promise<Followed> {
  const {checkpoint, tail} = offered.proof;
  const {size, root} = checkpoint;
  if (size < memory.size) {
    const isKnown = held !== null && (await agrees(held.proof.tail, size, root));
    return {memory, isKnown};
  }
  const newest = {key: memory.key, size, root: b64urlEncode(root)};
  if (held !== null) await checkLeaf(offered.proof, held);
  const isKnown = await agrees(tail, memory.size, b64urlDecode(memory.root));
  if (isKnown || leaves === null) return {memory: newest, isKnown};
  await checkLeaves(leaves, memory, newest);
  return {memory: newest, isKnown: true};
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

/** What is held must still be where it was, as far as the proof reaches back. */
async function checkLeaf({tail}: LogProof, held: Logged): Promise<void> {
  const {index} = held.proof;
  const leaf = leafAt(tail, index);
  const isThere = leaf !== null && isSame(leaf, await leafHash(held.entry));
  if (index >= tail.start && !isThere) throw new BundleRejected("split_view");
}

async function checkLeaves(
  leaves: readonly Bytes[],
  memory: LogMemory,
  newest: LogMemory,
): Promise<void> {
  const seen = Number(memory.size);
  const before = await grow([], leaves.slice(0, seen));
  const after = await grow(before, leaves.slice(seen));
  const roots = [b64urlEncode(await rootOf(before)), b64urlEncode(await rootOf(after))];
  const isSameLog = roots[0] === memory.root && roots[1] === newest.root;
  if (BigInt(leaves.length) !== newest.size || !isSameLog) throw new BundleRejected("log_forked");
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
