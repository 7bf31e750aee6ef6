/**
 * Ed25519 signatures (RFC 8032 section 5.1.7), the same answer in every browser and in Python.
 *
 * Implementations differ in points of small order and in points that are not written in their one
 * form, so these are refused before any of them is asked. The equation is the one without the
 * cofactor, as OpenSSL and browsers have it.
 */

import {ed25519} from "@noble/curves/ed25519.js";
import {type Bytes, concat, hex} from "../encoding.ts";

const KEY_BYTES = 32;
const SIGNATURE_BYTES = 64;

const ALGORITHM = "Ed25519";
const {Point} = ed25519;
const SIGN_BIT = 2n ** 255n;

/** Coordinates y are below this (RFC 8032 section 5.1). */
const FIELD = 2n ** 255n - 19n;

/** The order of the base point, which S is below. */
const ORDER = 2n ** 252n + 27742317777372353535851937790883648493n;

/** One of the two y of points of order 8; the other is its negative. */
const EIGHTH = 0x05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826n;

/** The y of all eight points that vanish when they are multiplied by the cofactor. */
const SMALL_ORDER = new Set([0n, 1n, FIELD - 1n, EIGHTH, FIELD - EIGHTH]);

/** Whether `key` may be a public key: 32 bytes in their one form, and not of small order. */
export function isSoundKey(key: Bytes): boolean {
  return key.length === KEY_BYTES && isSoundPoint(key);
}

/** Whether `signature` is that of `key` over `message`. */
export async function isSignedByEd25519(
  key: Bytes,
  signature: Bytes,
  message: Bytes,
): Promise<boolean> {
  if (signature.length !== SIGNATURE_BYTES || !isSoundKey(key)) return false;
  if (!isSoundPoint(signature.slice(0, 32)) || scalarOf(signature) >= ORDER) return false;
  const verify = (await isBuiltIn()) ? verifyBuiltIn : verifyByLibrary;
  return verify(key, signature, message).catch(() => false);
}

function isSoundPoint(encoded: Bytes): boolean {
  const y = littleEndian(encoded) % SIGN_BIT;
  return y < FIELD && !SMALL_ORDER.has(y);
}

function scalarOf(signature: Bytes): bigint {
  return littleEndian(signature.slice(32));
}

function littleEndian(data: Bytes): bigint {
  return data.reduceRight((value, byte) => value * 256n + BigInt(byte), 0n);
}

async function verifyBuiltIn(key: Bytes, signature: Bytes, message: Bytes): Promise<boolean> {
  const imported = await crypto.subtle.importKey("raw", key, ALGORITHM, false, ["verify"]);
  return crypto.subtle.verify(ALGORITHM, imported, signature, message);
}

/** R = S B − k A, for browsers of before 2025. The library's own check is that with cofactor. */
export async function verifyByLibrary(
  key: Bytes,
  signature: Bytes,
  message: Bytes,
): Promise<boolean> {
  const commitment = signature.slice(0, 32);
  const hash = await crypto.subtle.digest("SHA-512", concat(commitment, key, message));
  const challenge = littleEndian(new Uint8Array(hash)) % ORDER;
  const times = Point.fromBytes(key).multiplyUnsafe(challenge);
  const found = Point.BASE.multiplyUnsafe(scalarOf(signature)).subtract(times);
  return hex(Uint8Array.from(found.toBytes())) === hex(commitment);
}

let asked: Promise<boolean> | null = null;

/** Whether this browser has Ed25519; asked once. */
function isBuiltIn(): Promise<boolean> {
  asked ??= crypto.subtle
    .importKey("raw", Point.BASE.toBytes().slice(), ALGORITHM, false, ["verify"])
    .then(
      () => true,
      () => false,
    );
  return asked;
}
