/** Proofs beside bundles: their form, inclusion, signatures, and the end of the log. */

import {expect, test} from "vitest";
import {type Bytes, hex, InvalidText} from "../../../src/schemas/encoding.ts";
import {joinCarried, splitCarried} from "../../../src/schemas/log/entries.ts";
import {parseVerifierKey} from "../../../src/schemas/log/notes.ts";
import {isInLog, parseProof} from "../../../src/schemas/log/proofs.ts";
import {leafAt, parseTail, rootAt} from "../../../src/schemas/log/tails.ts";
import {Log, treeHash} from "../../log.ts";

const utf8 = (text: string) => new TextEncoder().encode(text);
const entry = utf8("a bundle");

function logOf(size: number, index: number, seed = 1): Log {
  const log = new Log("log.example/1", seed).fill(index);
  log.add(entry);
  return log.fill(size - index - 1);
}

const keyOf = ({signer}: Log) => parseVerifierKey(signer.vkey, 1);

test.each([
  [1, 0],
  [2, 1],
  [29, 3],
  [100, 99],
])("of a log of %i, the entry %i is proved", async (size, index) => {
  const log = logOf(size, index);
  const proof = parseProof(log.proof(index));
  expect(proof.index).toBe(BigInt(index));
  expect(await isInLog(entry, proof, await keyOf(log))).toBe(true);
  expect(await isInLog(utf8("another"), proof, await keyOf(log))).toBe(false);
});

test("a log proves nothing under the key or the name of another", async () => {
  const proof = parseProof(logOf(3, 1).proof(1));
  expect(await isInLog(entry, proof, await keyOf(logOf(3, 1, 2)))).toBe(false);
  const other = {...(await keyOf(logOf(3, 1))), name: "log.example/2"};
  expect(await isInLog(entry, proof, other)).toBe(false);
});

test("a log signs checkpoints of its own origin alone", async () => {
  const log = logOf(1, 0);
  const text = log.text().replace("/1", "/2");
  const proof = new TextDecoder().decode(log.proof(0));
  const end = proof.indexOf("\n\n") + 2;
  const mixed = parseProof(utf8(`${proof.slice(0, end)}${text}\n${log.signer.line(text)}`));
  expect(await isInLog(entry, mixed, await keyOf(log))).toBe(false);
});

test.each([0, 1, 27, 28, 29, 60, 200])(
  "the tail of a log of %i leads to its roots",
  async (size) => {
    const log = new Log("log.example/1").fill(size);
    const tail = parseTail(log.extra(), BigInt(size));
    const start = Math.max(0, size - 28);
    expect(tail.start).toBe(BigInt(start));
    for (let at = start; at <= size; at++) {
      const root = await rootAt(tail, BigInt(at));
      expect(root && hex(root)).toBe(hex(treeHash(log.leaves.slice(0, at))));
      expect(leafAt(tail, BigInt(at))).toEqual(log.leaves[at] ?? null);
    }
    for (const at of [tail.start - 1n, BigInt(size + 1)]) {
      expect(await rootAt(tail, at)).toBeNull();
      expect(leafAt(tail, at)).toBeNull();
    }
  },
);

test.each([
  ["a hash more", (extra: Bytes) => Uint8Array.of(...extra, ...new Uint8Array(32))],
  ["a hash less", (extra: Bytes) => extra.slice(0, -32)],
  ["a byte less", (extra: Bytes) => extra.slice(0, -1)],
  ["another beginning", (extra: Bytes) => extra.map((byte, at) => (at === 7 ? byte + 1 : byte))],
  ["a beginning beyond 53 bits", (extra: Bytes) => extra.map((byte, at) => (at ? byte : 255))],
  ["nothing", () => new Uint8Array(0)],
])("a tail with %s is refused", (_, spoil) => {
  const log = new Log("log.example/1").fill(40);
  expect(() => parseTail(spoil(log.extra()), 40n)).toThrow(InvalidText);
});

test("a JWS and its proof are carried in one piece, whatever stands around it", () => {
  const [jws, proof] = [utf8("a.b.c"), utf8("proof\n\nof\n")];
  expect(splitCarried(joinCarried({jws, proof}))).toEqual({jws, proof});
  expect(splitCarried(utf8("\r\n a.b.c\n\nproof\n\nof\r\n \n"))).toEqual({jws, proof});
});

test.each(["a.b.c", "a.b.c\n", "a.b.c\nproof", "\n\nproof", "a.b.c\r\n\r\nproof", ""])(
  "%j carries no proof",
  (text) => {
    expect(splitCarried(utf8(text)).proof).toBeNull();
  },
);
