/** Signed notes, verifier keys and cosignatures (C2SP signed-note, C2SP tlog-cosignature). */

import {ascii, type Bytes, b64Decode, concat, hex, InvalidText} from "../encoding.ts";
import {sha256} from "../webcrypto.ts";
import {isSignedByEd25519, isSoundKey} from "./ed25519.ts";

/** A note with more lines of signatures is refused. */
const SIGNATURES_LIMIT = 16;

const ID_BYTES = 4;
const TIME_BYTES = 8;
const LATEST_TIME = 2n ** 63n - 1n;
const DASH = "\u2014";

/** A name that signs has neither a space of any script nor a plus. */
const NAME = /^[^\p{White_Space}+]+$/u;

/** 1: Ed25519 over a note's text; 4: timestamped Ed25519 over a checkpoint. */
export type KeyType = 1 | 4;

/** A verifier key. `id` is its four bytes in hex, `key` has 32 bytes. */
export interface VerifierKey {
  readonly text: string;
  readonly name: string;
  readonly id: string;
  readonly type: KeyType;
  readonly key: Bytes;
}

/** A line below a note: `id` four bytes in hex, `signature` what follows them. */
export interface SignatureLine {
  readonly name: string;
  readonly id: string;
  readonly signature: Bytes;
}

/** A note, nothing of which is verified. `text` ends with its last newline. */
export interface Note {
  readonly text: Bytes;
  readonly lines: readonly SignatureLine[];
}

/** A key that is known did not sign the text, though a line with its name says so. */
export class WrongSignature extends Error {}

/** `<name>+<id in hex>+<base64 of type and key>`, of this type; throws InvalidText. */
export async function parseVerifierKey(text: string, type: KeyType): Promise<VerifierKey> {
  const [name = "", id = "", encoded = "", ...more] = text.split("+");
  // Base64 has plus signs of its own.
  const typed = b64Decode([encoded, ...more].join("+"));
  const key = typed.slice(1);
  const expected = await sha256(concat(new TextEncoder().encode(`${name}\n`), typed));
  const isNamed = isName(name) && id === hex(expected.slice(0, ID_BYTES));
  if (!isNamed || typed[0] !== type || !isSoundKey(key)) throw new InvalidText("no verifier key");
  return {text, name, id, type, key};
}

/** Cut a signed note into text and signatures; throws InvalidText. */
export function parseNote(data: Bytes): Note {
  const note = decodeLines(data);
  const end = note.lastIndexOf("\n\n") + 1;
  const lines = note.slice(end + 1, -1).split("\n");
  if (end === 0 || !note.endsWith("\n") || lines.length > SIGNATURES_LIMIT) {
    throw new InvalidText("not a signed note");
  }
  return {text: new TextEncoder().encode(note.slice(0, end)), lines: lines.map(parseLine)};
}

/** UTF-8 without control characters other than newlines; throws InvalidText. */
export function decodeLines(data: Bytes): string {
  try {
    const text = new TextDecoder("utf-8", {fatal: true, ignoreBOM: true}).decode(data);
    if (![...text].some((character) => character < " " && character !== "\n")) return text;
  } catch {
    // It is refused below.
  }
  throw new InvalidText("not lines of text");
}

/**
 * Those of `keys` that have signed the note; throws WrongSignature.
 *
 * Lines of other names and ids are not looked at: they are those of unknown keys and types.
 */
export async function signersOf(
  note: Note,
  keys: readonly VerifierKey[],
): Promise<ReadonlySet<VerifierKey>> {
  const known = new Map(keys.map((key) => [`${key.name}+${key.id}`, key]));
  const signers = new Set<VerifierKey>();
  for (const line of note.lines) {
    const key = known.get(`${line.name}+${line.id}`);
    if (key === undefined) continue;
    if (!(await isSigned(note, line, key))) throw new WrongSignature(key.name);
    signers.add(key);
  }
  return signers;
}

async function isSigned(note: Note, {signature}: SignatureLine, {type, key}: VerifierKey) {
  if (type === 1) return isSignedByEd25519(key, signature, note.text);
  // The time is told, and not judged.
  const seconds = BigInt(`0x0${hex(signature.slice(0, TIME_BYTES))}`);
  if (seconds > LATEST_TIME) return false;
  const message = concat(ascii(`cosignature/v1\ntime ${seconds}\n`), note.text);
  return isSignedByEd25519(key, signature.slice(TIME_BYTES), message);
}

function parseLine(line: string): SignatureLine {
  const [dash, name = "", encoded = "", ...more] = line.split(" ");
  if (dash !== DASH || !isName(name) || more.length > 0) throw new InvalidText("no signature line");
  const data = b64Decode(encoded);
  if (data.length <= ID_BYTES) throw new InvalidText("no signature line");
  return {name, id: hex(data.slice(0, ID_BYTES)), signature: data.slice(ID_BYTES)};
}

function isName(name: string): boolean {
  return NAME.test(name);
}
