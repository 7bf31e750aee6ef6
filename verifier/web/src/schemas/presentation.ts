/** What a phone shows at the door: one QR text (docs/formats.md, "Showing a pass"). */

import {ascii, type Bytes, base45Decode, bigEndian, concat, hex, InvalidText} from "./encoding.ts";
import type {DevicePoint} from "./token.ts";
import {sha256} from "./webcrypto.ts";

export const PREFIX = "QP1:";
export const TEXT_LENGTH = 592;

export const SLOT_SECONDS = 30;
/** A proof is accepted this many slots before and after the verifier's own. */
export const SLOT_TOLERANCE = 2;

export const KEY_PREFIX_BYTES = 4;
/** The venue binding of a proof that works at every venue. */
export const UNBOUND = new Uint8Array(16);

/** (n − 1) / 2, where n is the order of P-256 (NIST SP 800-186 section 3.2.1.3), in hex. */
const LARGEST_S = "7fffffff800000007fffffffffffffffde737d56d38bcf4279dce5617e3192a8";

const PROOF_LABEL = ascii("qupia-proof-v1");

/**
 * A pass and a fresh proof, cut into fields; nothing in it is verified yet.
 *
 * `keyPrefix` is the hex of 4 bytes, `signature` 256 bytes, `slot` an unsigned 32-bit number of
 * half minutes since 1970, `proof` 64 bytes (r || s).
 */
export interface Presentation {
  readonly keyPrefix: string;
  readonly device: DevicePoint;
  readonly signature: Bytes;
  readonly slot: number;
  readonly proof: Bytes;
}

/** Cut the text of 592 characters; throws InvalidText for any other text. */
export function parsePresentation(text: string): Presentation {
  if (text.length !== TEXT_LENGTH || !text.startsWith(PREFIX)) throw new InvalidText("not a pass");
  const data = base45Decode(text.slice(PREFIX.length));
  return {
    keyPrefix: hex(data.slice(0, KEY_PREFIX_BYTES)),
    device: {x: data.slice(4, 36), y: data.slice(36, 68)},
    signature: data.slice(68, 324),
    slot: new DataView(data.buffer).getUint32(324),
    proof: data.slice(328),
  };
}

/** H(x || y) in hex: how a verifier recognises a pass that it has just admitted. */
export async function fingerprintOf(device: DevicePoint): Promise<string> {
  return hex(await sha256(concat(device.x, device.y)));
}

/** The half minute in which `now` (Unix seconds) lies. */
export function slotAt(now: number): number {
  return Math.floor(now / SLOT_SECONDS);
}

/**
 * Whether `s` is the smaller of the two values that verify.
 *
 * Programs that sign differ in which they give, so proofs have the smaller one, and none tells what
 * program made it.
 */
export function hasLowS(proof: Bytes): boolean {
  return hex(proof.slice(32)) <= LARGEST_S;
}

/** What the device key signs; `token` is 354 bytes, `venue` 16. */
export async function proofMessage(token: Bytes, slot: number, venue: Bytes): Promise<Bytes> {
  return concat(PROOF_LABEL, await sha256(token), bigEndian(slot, 4), venue);
}
