/**
 * Compact JWS under ES256, read strictly (RFC 7515, RFC 7518 section 3.4, RFC 8725).
 *
 * One algorithm, fixed here. Each signing key signs one `typ`, compared exactly.
 */

import {ascii, type Bytes, b64urlDecode, InvalidText} from "./encoding.ts";
import {type JsonObject, parseJsonObject} from "./json.ts";
import {isSignedBy} from "./webcrypto.ts";

export type Typ = "qupia-root+jwt" | "qupia-trust+jwt" | "qupia-paper+jwt";

/** A JWS cut into its parts; header and payload are still whatever somebody wrote. */
export interface UnverifiedJws {
  readonly unverifiedHeader: JsonObject;
  readonly unverifiedPayload: JsonObject;
  readonly signed: Bytes;
  readonly signature: Bytes;
}

/** Cut a compact JWS into its parts; throws InvalidText. */
export function parseJws(text: string): UnverifiedJws {
  const parts = text.split(".");
  const [header, payload, signature] = parts;
  if (
    parts.length > 3 ||
    header === undefined ||
    payload === undefined ||
    signature === undefined
  ) {
    throw new InvalidText("not a compact JWS");
  }
  return {
    unverifiedHeader: parseJsonObject(b64urlDecode(header)),
    unverifiedPayload: parseJsonObject(b64urlDecode(payload)),
    signed: ascii(`${header}.${payload}`),
    signature: b64urlDecode(signature),
  };
}

/**
 * The payload, once `alg`, `typ` and the signature are right; null otherwise.
 *
 * `crit` is refused whatever it lists, since no extension is known here (RFC 7515 section 4.1.11),
 * and so is `b64`, which would change what is signed (RFC 7797).
 */
export async function verifyJws(
  jws: UnverifiedJws,
  typ: Typ,
  key: CryptoKey,
): Promise<JsonObject | null> {
  const header = jws.unverifiedHeader;
  const extended = "crit" in header || "b64" in header;
  if (header.alg !== "ES256" || header.typ !== typ || extended) return null;
  return (await isSignedBy(key, jws.signature, jws.signed)) ? jws.unverifiedPayload : null;
}
