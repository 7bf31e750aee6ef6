/** Checkpoints: how large a log is, and the root of its tree (C2SP tlog-checkpoint). */

import {type Bytes, b64Decode, InvalidText} from "../encoding.ts";
import {HASH_BYTES} from "./merkle.ts";

/** Leaves of a tree, so that a size fits the signed integers of other programs. */
const LARGEST_SIZE = 2n ** 63n - 1n;

/** `origin` names the log; `root` is 32 bytes. */
export interface Checkpoint {
  readonly origin: string;
  readonly size: bigint;
  readonly root: Bytes;
}

/**
 * The text of a note as a checkpoint; throws InvalidText for one of another form.
 *
 * Lines after the third are signed like the others, and say nothing here.
 */
export function parseCheckpoint(data: Bytes): Checkpoint {
  const lines = new TextDecoder().decode(data).split("\n");
  const [origin = "", size = "", root = ""] = lines;
  if (lines.length < 4 || lines.pop() !== "" || lines.includes("")) {
    throw new InvalidText("not a checkpoint");
  }
  return {origin, size: parseSize(size), root: parseHash(root)};
}

/** A decimal from 0 to 2⁶³ − 1 without leading zeroes; throws InvalidText for another form. */
export function parseSize(text: string): bigint {
  if (!/^(0|[1-9][0-9]{0,18})$/.test(text) || BigInt(text) > LARGEST_SIZE) {
    throw new InvalidText("not a size");
  }
  return BigInt(text);
}

/** 32 bytes in base64; throws InvalidText. */
export function parseHash(text: string): Bytes {
  const hash = b64Decode(text);
  if (hash.length !== HASH_BYTES) throw new InvalidText("not a hash");
  return hash;
}
