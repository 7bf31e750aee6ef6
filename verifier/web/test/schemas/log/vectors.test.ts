/** What Python reads and refuses of a log is read and refused here: tests/vectors/make_log.py. */

import {expect, test} from "vitest";
import {hex, InvalidText} from "../../../src/schemas/encoding.ts";
import {parseCheckpoint} from "../../../src/schemas/log/checkpoints.ts";
import {bundleEntry, splitCarried} from "../../../src/schemas/log/entries.ts";
import {grow, HASH_BYTES, leafHash, rootByPath, rootOf} from "../../../src/schemas/log/merkle.ts";
import {
  decodeLines,
  type KeyType,
  parseNote,
  parseVerifierKey,
  signersOf,
  WrongSignature,
} from "../../../src/schemas/log/notes.ts";
import {
  countCosigners,
  isInLog,
  type LogProof,
  parseProof,
} from "../../../src/schemas/log/proofs.ts";
import {leafAt, parseTail, rootAt} from "../../../src/schemas/log/tails.ts";
import {fromHex} from "../../hex.ts";
import {casesOf, fromBase64} from "./vectors.ts";

const utf8 = (text: string) => new TextEncoder().encode(text);
const base64 = (data: Uint8Array) => Buffer.from(data).toString("base64");

interface Named {
  readonly name: string;
}

function orNull<T>(parse: () => T): T | null {
  try {
    return parse();
  } catch (error) {
    if (error instanceof InvalidText) return null;
    throw error;
  }
}

interface TreeCase extends Named {
  readonly entries: readonly string[];
  readonly root: string;
}

test.each(casesOf<TreeCase>("trees"))("a tree of $name", async ({entries, root}) => {
  const leaves = await Promise.all(entries.map((entry) => leafHash(fromHex(entry))));
  expect(base64(await rootOf(await grow([], leaves)))).toBe(root);
});

interface InclusionCase extends Named {
  readonly index: string;
  readonly size: string;
  readonly root: string;
  readonly leaf: string;
  readonly proof: readonly string[];
  readonly ok: boolean;
}

test.each(casesOf<InclusionCase>("inclusion"))("inclusion: $name", async (given) => {
  const [index, size] = [BigInt(given.index), BigInt(given.size)];
  const path = given.proof.map(fromBase64);
  const root = await rootByPath(fromBase64(given.leaf), index, size, path);
  // Hashes of another length are refused where they are read.
  const isRight = root?.length === HASH_BYTES && base64(root) === given.root;
  expect(isRight).toBe(given.ok);
});

interface KeyCase extends Named {
  readonly text: string;
  readonly type: KeyType;
  readonly ok: boolean;
}

test.each(casesOf<KeyCase>("vkeys"))("a verifier key: $name", async ({text, type, ok}) => {
  const parsed = parseVerifierKey(text, type);
  if (ok) expect((await parsed).text).toBe(text);
  else await expect(parsed).rejects.toThrow(InvalidText);
});

interface NoteCase extends Named {
  readonly keys: readonly {readonly vkey: string; readonly type: KeyType}[];
  readonly note: string;
  readonly signers: number;
  readonly reason: string | null;
}

test.each(casesOf<NoteCase>("notes"))("a note: $name", async ({keys, note, signers, reason}) => {
  const known = await Promise.all(keys.map(({vkey, type}) => parseVerifierKey(vkey, type)));
  const parsed = orNull(() => parseNote(utf8(note)));
  expect(parsed === null).toBe(reason === "malformed");
  if (parsed === null) return;
  const found = signersOf(parsed, known);
  if (reason === "wrong_signature") await expect(found).rejects.toThrow(WrongSignature);
  else expect((await found).size).toBe(signers);
});

interface CheckpointCase extends Named {
  readonly text: string;
  readonly ok: boolean;
  readonly size: string;
}

test.each(casesOf<CheckpointCase>("checkpoints"))("a checkpoint: $name", ({text, ok, size}) => {
  const checkpoint = orNull(() => parseCheckpoint(utf8(text)));
  expect(checkpoint !== null).toBe(ok);
  if (checkpoint !== null) expect(checkpoint.size).toBe(BigInt(size));
});

interface CosignatureCase extends Named {
  readonly vkey: string;
  readonly text: string;
  readonly line: string;
}

test.each(casesOf<CosignatureCase>("cosignatures"))("a cosignature: $name", async (given) => {
  const key = await parseVerifierKey(given.vkey, 4);
  const note = parseNote(utf8(`${given.text}\n${given.line}`));
  expect((await signersOf(note, [key])).size).toBe(1);
});

interface TailCase extends Named {
  readonly size: string;
  readonly extra: string;
  readonly ok: boolean;
  readonly start: string;
  readonly roots: Readonly<Record<string, string>>;
  readonly leaves: Readonly<Record<string, string>>;
}

test.each(casesOf<TailCase>("tails"))("a tail: $name", async (given) => {
  const tail = orNull(() => parseTail(fromBase64(given.extra), BigInt(given.size)));
  expect(tail !== null).toBe(given.ok);
  if (tail === null) return;
  expect(tail.start).toBe(BigInt(given.start));
  for (const [size, root] of Object.entries(given.roots)) {
    expect(hex((await rootAt(tail, BigInt(size))) ?? utf8(""))).toBe(hex(fromBase64(root)));
  }
  for (const [index, leaf] of Object.entries(given.leaves)) {
    expect(hex(leafAt(tail, BigInt(index)) ?? utf8(""))).toBe(hex(fromBase64(leaf)));
  }
});

interface ProofCase extends Named {
  readonly entry: string;
  readonly log: string;
  readonly witnesses: readonly string[];
  readonly proof: string;
  readonly reason: string | null;
  readonly size: string;
  readonly index: string;
  readonly cosigners: number;
}

async function judge(given: ProofCase): Promise<[string | null, LogProof | null, number | null]> {
  const log = await parseVerifierKey(given.log, 1);
  const witnesses = await Promise.all(given.witnesses.map((text) => parseVerifierKey(text, 4)));
  const proof = orNull(() => parseProof(utf8(given.proof)));
  const isIn = proof !== null && (await isInLog(fromBase64(given.entry), proof, log));
  if (!isIn) return ["not_in_log", null, null];
  const cosigners = await countCosigners(proof, witnesses);
  return [cosigners === null ? "not_cosigned" : null, proof, cosigners];
}

test.each(casesOf<ProofCase>("proofs"))("a proof: $name", async (given) => {
  const [reason, proof, cosigners] = await judge(given);
  expect(reason).toBe(given.reason);
  if (reason !== null) return;
  expect(proof?.checkpoint.size).toBe(BigInt(given.size));
  expect(proof?.index).toBe(BigInt(given.index));
  expect(cosigners).toBe(given.cosigners);
});

interface CarriedCase extends Named {
  readonly data: string;
  readonly reason: string | null;
  readonly jws: string;
  readonly proof: string;
  readonly entry: string;
}

test.each(casesOf<CarriedCase>("carried"))("carried: $name", async (given) => {
  const {jws, proof} = splitCarried(fromBase64(given.data));
  const text = orNull(() => proof && decodeLines(proof));
  if (given.reason !== null) expect(text).toBeNull();
  else {
    expect(new TextDecoder().decode(jws)).toBe(given.jws);
    expect(text).toBe(given.proof);
    expect(base64(await bundleEntry(jws))).toBe(given.entry);
  }
});
