/** SHA-256, and ECDSA over P-256 with it: signatures are r || s of 64 bytes (RFC 7518, 3.4). */

import {type Bytes, concat} from "./encoding.ts";

const CURVE = {name: "ECDSA", namedCurve: "P-256"};
const ECDSA = {name: "ECDSA", hash: "SHA-256"};

/** SHA-256, 32 bytes. */
export async function sha256(data: Bytes): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", data));
}

/** The key with affine coordinates of 32 bytes each; null for a point that is not on the curve. */
export async function keyFromPoint(x: Bytes, y: Bytes): Promise<CryptoKey | null> {
  try {
    const point = concat(Uint8Array.of(4), x, y);
    return await crypto.subtle.importKey("raw", point, CURVE, false, ["verify"]);
  } catch {
    return null;
  }
}

/** Whether the signature is right. */
export function isSignedBy(key: CryptoKey, signature: Bytes, message: Bytes): Promise<boolean> {
  return crypto.subtle.verify(ECDSA, key, signature, message);
}
