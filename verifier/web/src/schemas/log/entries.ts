/** What is in the log, 32 bytes for each bundle and root statement, and how a bundle is carried. */

import {ascii, type Bytes, concat} from "../encoding.ts";
import {sha256} from "../webcrypto.ts";

const STATEMENT_LABEL = ascii("qupia-root-v1");
const BETWEEN = ascii("\n\n");
const NEWLINE = 0x0a;
const WHITE_SPACE = [9, NEWLINE, 13, 32];

/** A bundle as it is carried: the bytes of its JWS, and of its proof. */
export interface Carried {
  readonly jws: Bytes;
  readonly proof: Bytes;
}

/** The entry of a bundle, 32 bytes: the hash of its compact JWS without a newline. */
export function bundleEntry(jws: Bytes): Promise<Bytes> {
  return sha256(jws);
}

/** The entry of a root statement, 32 bytes, from the bytes of its payload. */
export function statementEntry(payload: Bytes): Promise<Bytes> {
  return sha256(concat(STATEMENT_LABEL, payload));
}

/** A bundle as it is served and carried: its JWS, an empty line and its proof. */
export function joinCarried({jws, proof}: Carried): Bytes {
  return concat(jws, BETWEEN, proof);
}

/**
 * The JWS and the proof, neither of which is looked at. White space around the whole is ignored,
 * since editors and mail programs add some; a proof always ends with a newline.
 *
 * The proof is null where there is no empty line, or what follows it is no text.
 */
export function splitCarried(data: Bytes): {jws: Bytes; proof: Bytes | null} {
  const text = strip(data);
  const end = text.findIndex((byte, at) => byte === NEWLINE && text[at + 1] === NEWLINE);
  if (end < 0 || !isText(text)) return {jws: text, proof: null};
  return {jws: text.slice(0, end), proof: concat(text.slice(end + 2), Uint8Array.of(NEWLINE))};
}

function strip(data: Bytes): Bytes {
  const isInk = (byte: number): boolean => !WHITE_SPACE.includes(byte);
  const first = data.findIndex(isInk);
  return first < 0 ? new Uint8Array(0) : data.slice(first, data.findLastIndex(isInk) + 1);
}

function isText(data: Bytes): boolean {
  try {
    new TextDecoder("utf-8", {fatal: true}).decode(data);
    return true;
  } catch {
    return false;
  }
}
