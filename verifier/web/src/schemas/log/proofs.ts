/**
 * Proofs that are carried beside what they prove to be in a log (C2SP tlog-proof).
 *
 * A proof of ours always has the line `extra`: the end of the log.
 */

import {type Bytes, b64Decode, hex, InvalidText, isSame} from "../encoding.ts";
import {type Checkpoint, parseCheckpoint, parseHash, parseSize} from "./checkpoints.ts";
import {leafHash, rootByPath} from "./merkle.ts";
import {
  decodeLines,
  type Note,
  parseNote,
  signersOf,
  type VerifierKey,
  WrongSignature,
} from "./notes.ts";
import {parseTail, type Tail} from "./tails.ts";

const FIRST_LINE = "c2sp.org/tlog-proof@v1";

/** Where an entry stands, and a checkpoint; believed only after {@link isInLog}. */
export interface LogProof {
  readonly index: bigint;
  /** Hashes from the leaf's sibling up. */
  readonly path: readonly Bytes[];
  readonly checkpoint: Checkpoint;
  readonly note: Note;
  readonly tail: Tail;
}

/** A proof in its one form; throws InvalidText. */
export function parseProof(data: Bytes): LogProof {
  const text = decodeLines(data);
  const end = text.indexOf("\n\n");
  const [first, extra, index, ...path] = text.slice(0, Math.max(end, 0)).split("\n");
  if (first !== FIRST_LINE) throw new InvalidText("not a proof");
  const note = parseNote(new TextEncoder().encode(text.slice(end + 2)));
  const checkpoint = parseCheckpoint(note.text);
  return {
    index: parseSize(after("index ", index)),
    path: path.map(parseHash),
    checkpoint,
    note,
    tail: parseTail(b64Decode(after("extra ", extra)), checkpoint.size),
  };
}

/** Whether the log of this key, under its own name, has `entry`, as the proof shows. */
export async function isInLog(entry: Bytes, proof: LogProof, log: VerifierKey): Promise<boolean> {
  const {index, path, checkpoint, note} = proof;
  if (checkpoint.origin !== log.name || (await signers(note, [log]))?.length !== 1) return false;
  const root = await rootByPath(await leafHash(entry), index, checkpoint.size, path);
  return root !== null && isSame(root, checkpoint.root);
}

/**
 * How many different keys of `witnesses` have cosigned the checkpoint, whenever it was; null where
 * one of them did so wrongly.
 *
 * A key under two names is one: a cosignature does not say in which name it was made.
 */
export async function countCosigners(
  {note}: LogProof,
  witnesses: readonly VerifierKey[],
): Promise<number | null> {
  const cosigners = await signers(note, witnesses);
  return cosigners && new Set(cosigners.map(({key}) => hex(key))).size;
}

/** Those of `keys` that have signed; null where one of them did so wrongly. */
async function signers(
  note: Note,
  keys: readonly VerifierKey[],
): Promise<readonly VerifierKey[] | null> {
  try {
    return [...(await signersOf(note, keys))];
  } catch (error) {
    if (error instanceof WrongSignature) return null;
    throw error;
  }
}

function after(name: string, line: string | undefined): string {
  if (!line?.startsWith(name)) throw new InvalidText("a line is missing");
  return line.slice(name.length);
}
