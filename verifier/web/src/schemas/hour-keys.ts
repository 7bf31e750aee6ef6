/**
 * The key of one hour, derived from the seed of its day (docs/formats.md, "Seeds and hour keys").
 *
 * X25519 comes from a library: the browsers that the page is built for do not all have it.
 */

import {x25519} from "@noble/curves/ed25519.js";
import {ascii, type Bytes, concat, InvalidText} from "./encoding.ts";
import {hourBytes} from "./hours.ts";
import {UNBOUND} from "./presentation.ts";
import {sha256} from "./webcrypto.ts";

export const SEED_BYTES = 32;
export const KEY_BYTES = 32;

export const VENUE_LABEL = ascii("qupia-venue-hour");
const BINDING_LABEL = ascii("qupia-venue");
const NO_SALT = new Uint8Array(0);

/** Numbers that X25519 reckons with are below this (RFC 7748 section 4.1). */
const FIELD = 2n ** 255n - 19n;

/** Any will do to see whether a public key is of use: nothing is ever sealed under it. */
const PROBE = Uint8Array.from({length: KEY_BYTES}, (_, at) => at + 1);

/** The X25519 private key of an hour: HKDF-SHA256 (RFC 5869) with an empty salt. */
export async function deriveHourKey(seed: Bytes, hour: number, label: Bytes): Promise<Bytes> {
  if (seed.length !== SEED_BYTES) throw new RangeError("a seed has 32 bytes");
  const info = concat(label, hourBytes(hour));
  const key = await crypto.subtle.importKey("raw", seed, "HKDF", false, ["deriveBits"]);
  const how = {name: "HKDF", hash: "SHA-256", salt: NO_SALT, info};
  return new Uint8Array(await crypto.subtle.deriveBits(how, key, 8 * KEY_BYTES));
}

/** The X25519 public key of 32 bytes (RFC 7748 section 6.1). */
export function publicHalf(privateKey: Bytes): Bytes {
  return Uint8Array.from(x25519.getPublicKey(privateKey));
}

/**
 * Throws InvalidText for a key of low order, under which everybody could open what is sealed (RFC
 * 7748 section 6.1), and for one in another spelling than its own.
 */
export function checkPublicKey(key: Bytes): void {
  const number = key.reduceRight((value, byte) => value * 256n + BigInt(byte), 0n);
  if (key.length !== KEY_BYTES || number >= FIELD) throw new InvalidText("not a key");
  try {
    x25519.getSharedSecret(PROBE, key);
  } catch {
    throw new InvalidText("a key of low order");
  }
}

/** What ties a proof to a venue and an hour, 16 bytes; `hourKey` is the public half. */
export async function bindingOf(hourKey: Bytes): Promise<Bytes> {
  return (await sha256(concat(BINDING_LABEL, hourKey))).slice(0, UNBOUND.length);
}
