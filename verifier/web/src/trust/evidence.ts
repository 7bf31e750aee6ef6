/** Bundles that contradict each other, kept for whoever looks into it. */

import {read, write} from "../browser/storage.ts";
import type {BundleFault, BundleRejected} from "../schemas/bundle-faults.ts";
import {type Bytes, isSame} from "../schemas/encoding.ts";
import {splitCarried} from "../schemas/log/entries.ts";

/** Pairs that are kept: an issuer that lies cannot fill the storage, and one proves enough. */
const MOST_PAIRS = 8;

/** What two bundles together prove. */
const FAULTS: readonly BundleFault[] = ["split_view", "keys_replaced", "log_forked"];

/** Two bundles as they were carried, each with its proof. */
export interface Evidence {
  readonly fault: BundleFault;
  readonly held: Bytes;
  readonly offered: Bytes;
}

/** What is kept; none as long as the authority is consistent, or where the browser has none. */
export async function loadEvidence(): Promise<readonly Evidence[]> {
  const stored = await read("evidence").catch(() => undefined);
  return Array.isArray(stored) ? (stored as Evidence[]) : [];
}

/** Keep a pair, unless there are enough; the same pair again changes nothing. */
export async function keepEvidence({fault}: BundleRejected, held: Bytes, offered: Bytes) {
  if (!FAULTS.includes(fault)) return;
  const kept = await loadEvidence();
  const isKept = kept.some(
    (pair) => isSameBundle(pair.held, held) && isSameBundle(pair.offered, offered),
  );
  if (isKept || kept.length >= MOST_PAIRS) return;
  await write("evidence", [...kept, {fault, held, offered}]).catch(() => undefined);
}

/** All of it in one file, as the command writes it: the bundles as they were signed. */
export function evidenceFile(pairs: readonly Evidence[]): Bytes {
  const text = (data: Bytes): string => new TextDecoder().decode(data);
  const members = pairs.map(({fault, held, offered}) => {
    return {fault, held: text(held), offered: text(offered)};
  });
  return new TextEncoder().encode(JSON.stringify({pairs: members}, null, 1));
}

function isSameBundle(one: Bytes, other: Bytes): boolean {
  return isSame(splitCarried(one).jws, splitCarried(other).jws);
}
