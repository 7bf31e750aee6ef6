/** A log and its cosigners, written from the definitions of RFC 6962 and C2SP, for tests alone. */

import {createHash} from "node:crypto";
import {ed25519} from "@noble/curves/ed25519.js";
import type {Bytes} from "../src/schemas/encoding.ts";
import {joinCarried} from "../src/schemas/log/entries.ts";

const utf8 = (text: string): Bytes => new TextEncoder().encode(text);
const base64 = (data: Uint8Array): string => Buffer.from(data).toString("base64");
const hash = (...parts: Uint8Array[]): Bytes =>
  Uint8Array.from(createHash("sha256").update(Buffer.concat(parts)).digest());

/** One who signs: a log (type 1) or a cosigner (type 4). */
export class Signer {
  readonly vkey: string;
  readonly #secret: Uint8Array;
  readonly #name: string;
  readonly #id: Buffer;
  readonly #type: 1 | 4;

  constructor(name: string, type: 1 | 4, seed = 1) {
    this.#secret = new Uint8Array(32).fill(seed);
    [this.#name, this.#type] = [name, type];
    const typed = Buffer.concat([Buffer.of(type), ed25519.getPublicKey(this.#secret)]);
    this.#id = createHash("sha256").update(`${name}\n`).update(typed).digest().subarray(0, 4);
    this.vkey = `${name}+${this.#id.toString("hex")}+${base64(typed)}`;
  }

  /** Its line below a note. */
  line(text: string, seconds = 1_790_000_000): string {
    const head = `cosignature/v1\ntime ${seconds}\n`;
    const signature = ed25519.sign(utf8(this.#type === 4 ? head + text : text), this.#secret);
    const time = Buffer.alloc(this.#type === 4 ? 8 : 0);
    if (this.#type === 4) time.writeBigUInt64BE(BigInt(seconds));
    return `— ${this.#name} ${base64(Buffer.concat([this.#id, time, signature]))}\n`;
  }
}

export const leafOf = (entry: Uint8Array): Bytes => hash(Uint8Array.of(0), entry);

/** MTH of leaves, as RFC 6962 section 2.1 defines it. */
export function treeHash(leaves: readonly Bytes[]): Bytes {
  if (leaves.length < 2) return leaves[0] ?? hash();
  const half = split(leaves.length);
  return hash(Uint8Array.of(1), treeHash(leaves.slice(0, half)), treeHash(leaves.slice(half)));
}

/** PATH of a leaf, as RFC 6962 section 2.1.1 defines it. */
export function pathOf(index: number, leaves: readonly Bytes[]): Bytes[] {
  if (leaves.length < 2) return [];
  const half = split(leaves.length);
  const [left, right] = [leaves.slice(0, half), leaves.slice(half)];
  if (index < half) return [...pathOf(index, left), treeHash(right)];
  return [...pathOf(index - half, right), treeHash(left)];
}

function split(size: number): number {
  return 2 ** Math.ceil(Math.log2(size) - 1);
}

/** The subtree hashes of the first so many leaves, largest first. */
function subtreesOf(leaves: readonly Bytes[]): Bytes[] {
  if (leaves.length === 0) return [];
  const size = 2 ** Math.floor(Math.log2(leaves.length));
  return [treeHash(leaves.slice(0, size)), ...subtreesOf(leaves.slice(size))];
}

/** A log in memory; what it says can be spoilt. */
export class Log {
  readonly leaves: Bytes[] = [];
  /** The entry that was added last. */
  last: Bytes | null = null;
  readonly signer: Signer;
  readonly #origin: string;

  constructor(origin: string, seed = 1) {
    this.#origin = origin;
    this.signer = new Signer(origin, 1, seed);
  }

  /** Add an entry; its index. */
  add(entry: Bytes): number {
    this.last = entry;
    return this.leaves.push(leafOf(entry)) - 1;
  }

  /** Add so many entries that mean nothing. */
  fill(count: number): this {
    for (let at = 0; at < count; at++) this.add(hash(utf8(`entry ${this.leaves.length}`)));
    return this;
  }

  text(size = this.leaves.length): string {
    return `${this.#origin}\n${size}\n${base64(treeHash(this.leaves.slice(0, size)))}\n`;
  }

  checkpoint(size = this.leaves.length, cosigners: readonly Signer[] = []): string {
    const text = this.text(size);
    return `${text}\n${[this.signer, ...cosigners].map((signer) => signer.line(text)).join("")}`;
  }

  extra(size = this.leaves.length): Bytes {
    const start = Math.max(0, size - 28);
    const beginning = Buffer.alloc(8);
    beginning.writeBigUInt64BE(BigInt(start));
    const rest = [...subtreesOf(this.leaves.slice(0, start)), ...this.leaves.slice(start, size)];
    return Uint8Array.from(Buffer.concat([beginning, ...rest]));
  }

  proof(index: number, size = this.leaves.length, cosigners: readonly Signer[] = []): Bytes {
    const path = pathOf(index, this.leaves.slice(0, size));
    const lines = [
      "c2sp.org/tlog-proof@v1",
      `extra ${base64(this.extra(size))}`,
      `index ${index}`,
      ...path.map(base64),
    ];
    return utf8(`${lines.join("\n")}\n\n${this.checkpoint(size, cosigners)}`);
  }

  /** A JWS that is the entry of that index, with its proof. */
  carry(jws: Bytes, index: number, size?: number, cosigners?: readonly Signer[]): Bytes {
    return joinCarried({jws, proof: this.proof(index, size, cosigners)});
  }
}
