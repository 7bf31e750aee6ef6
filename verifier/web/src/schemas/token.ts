/** The pass as a Privacy Pass token of type 0x0002 (RFC 9578, 6; docs/formats.md, "A pass"). */

import {ascii, type Bytes, b64urlEncode, bigEndian, concat, InvalidText} from "./encoding.ts";
import {sha256} from "./webcrypto.ts";

/** Blind RSA, 2048 bit (RFC 9578 section 8.2.2). */
const TOKEN_TYPE = Uint8Array.of(0, 2);

/** Characters of an issuer's name. */
const LONGEST_NAME = 100;

const MODULUS_BYTES = 256;
const SALT_BYTES = 48; // RSABSSA-SHA384-PSS-Deterministic (RFC 9474 section 5).
const PSS: RsaPssParams = {name: "RSA-PSS", saltLength: SALT_BYTES};
const UNCOMPRESSED = Uint8Array.of(4);

const SPKI_PREFIX = Uint8Array.from(
  [
    "30820152", // SubjectPublicKeyInfo
    "303d06092a864886f70d01010a3030", // id-RSASSA-PSS with parameters:
    "a00d300b0609608648016503040202", // hash SHA-384
    "a11a301806092a864886f70d010108300b0609608648016503040202", // MGF1 with SHA-384
    "a203020130", // salt 48
    "0382010f003082010a0282010100", // BIT STRING { SEQUENCE { INTEGER of 257 bytes, 0 first
  ].flatMap((part) => part.match(/../g) ?? []),
  (byte) => Number.parseInt(byte, 16),
);
const SPKI_SUFFIX = Uint8Array.of(2, 3, 1, 0, 1); // INTEGER 65537

/** The public half of a one-time device key: coordinates of 32 bytes each, not yet checked. */
export interface DevicePoint {
  readonly x: Bytes;
  readonly y: Bytes;
}

/** H(0x04 || x || y): what ties a token to its device key. */
export function nonceOf(device: DevicePoint): Promise<Bytes> {
  return sha256(concat(UNCOMPRESSED, device.x, device.y));
}

/**
 * H(TokenChallenge) with empty redemption context and origin (RFC 9577 section 2.1.1).
 *
 * Throws InvalidText for a name that has not 1 to 100 characters.
 */
export async function challengeDigest(tokenIssuer: string): Promise<Bytes> {
  const name = ascii(tokenIssuer);
  if (name.length < 1 || name.length > LONGEST_NAME) {
    throw new InvalidText("token_issuer has 1 to 100 ASCII characters");
  }
  return sha256(concat(TOKEN_TYPE, bigEndian(name.length, 2), name, new Uint8Array(3)));
}

/** H(SPKI), 32 bytes; throws InvalidText for a modulus that is not an odd one of 2048 bits. */
export async function tokenKeyId(modulus: Bytes): Promise<Bytes> {
  const [first = 0, last = 0] = [modulus[0], modulus.at(-1)];
  if (modulus.length !== MODULUS_BYTES || !(first & 0x80) || !(last & 1)) {
    throw new InvalidText("a modulus has exactly 2048 bits and is odd");
  }
  return sha256(concat(SPKI_PREFIX, modulus, SPKI_SUFFIX));
}

/** The 98 bytes that the issuer signs blind; each part is 32 bytes. */
export function tokenInput(parts: {nonce: Bytes; challenge: Bytes; keyId: Bytes}): Bytes {
  return concat(TOKEN_TYPE, parts.nonce, parts.challenge, parts.keyId);
}

/** Whether `signature` is the issuer's over `signed` (RFC 9474 section 4.5). */
export async function isSigned(modulus: Bytes, signature: Bytes, signed: Bytes): Promise<boolean> {
  // The modulus is imported alone: browsers refuse an SPKI that names id-RSASSA-PSS.
  const jwk = {kty: "RSA", alg: "PS384", n: b64urlEncode(modulus), e: "AQAB"};
  const algorithm = {name: "RSA-PSS", hash: "SHA-384"};
  const key = await crypto.subtle.importKey("jwk", jwk, algorithm, false, ["verify"]);
  return crypto.subtle.verify(PSS, key, signature, signed);
}
