/** P-256 public keys as JWKs and their thumbprints (RFC 7517, RFC 7518 section 6.2, RFC 7638). */

import {ascii, b64urlDecode, b64urlEncode} from "./encoding.ts";
import {keyFromPoint, sha256} from "./webcrypto.ts";

const COORDINATE_BYTES = 32;
const SECRET_MEMBERS = ["d", "k", "p", "q"];

/** A JWK whose shape a schema has checked. */
export interface Jwk {
  readonly kty: string;
  readonly crv: string;
  readonly x: string;
  readonly y: string;
}

/** The key in a JWK; null unless it is a public point on P-256 in canonical form. */
export async function keyFromJwk(jwk: Jwk): Promise<CryptoKey | null> {
  if (SECRET_MEMBERS.some((name) => name in jwk)) return null;
  try {
    const [x, y] = [b64urlDecode(jwk.x), b64urlDecode(jwk.y)];
    const hasLength = x.length === COORDINATE_BYTES && y.length === COORDINATE_BYTES;
    return hasLength ? await keyFromPoint(x, y) : null;
  } catch {
    return null;
  }
}

/** RFC 7638 thumbprint, base64url of SHA-256, 43 characters. */
export async function thumbprint(jwk: Jwk): Promise<string> {
  const {crv, kty, x, y} = jwk;
  return b64urlEncode(await sha256(ascii(JSON.stringify({crv, kty, x, y}))));
}
