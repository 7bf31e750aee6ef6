/**
 * A pass on paper: a compact JWT that says a status, a birthday and when it is good
 * (docs/formats.md, "A pass on paper").
 *
 * It can be copied, so whoever admits it must compare an ID with its birthday.
 */

import isPaperPass from "virtual:validators/paper-pass";
import type {Window} from "./bundle.ts";
import {InvalidText} from "./encoding.ts";
import type {JsonObject} from "./json.ts";
import {type Jwk, keyFromJwk} from "./jwk.ts";
import {parseJws, type UnverifiedJws, verifyJws} from "./jws.ts";

/** Seconds from `nbf` to `exp`; a JWT that is good for longer is not a pass. */
const LONGEST_PAPER = 7 * 24 * 3600;

/** Characters; no honest one has more. */
const TEXT_LIMIT = 1024;

/** How a header begins that is written without spaces: `{"` in base64url. */
const BEGINNING = "eyJ";

/** Characters of a signature, the last part. */
const SIGNATURE_LENGTH = 86;

/** A key that signs paper passes, as a bundle lists it: a JWK, and when it counts. */
export type PaperKey = Jwk & {readonly kid: string} & Window;

/** What a paper pass claims; `holder` is a birthday, `MM-DD`. */
export interface PaperPass {
  readonly iss: string;
  readonly status: string;
  readonly holder: string;
  readonly window: Window;
}

/** A text that has the shape of a paper pass; whoever wrote it may have signed it or not. */
export interface UnverifiedPaper {
  readonly jws: UnverifiedJws;
  readonly kid: string;
  readonly unverifiedPass: PaperPass;
}

/** Cut a compact JWT; throws InvalidText for one that cannot be a paper pass. */
export function parsePaper(text: string): UnverifiedPaper {
  if (text.length > TEXT_LIMIT) throw new InvalidText("not a paper pass");
  const jws = parseJws(text);
  const {kid} = jws.unverifiedHeader;
  const claims = jws.unverifiedPayload;
  if (typeof kid !== "string" || !isPaperPass(claims)) throw new InvalidText("not a paper pass");
  const {iss, status, holder, nbf, exp} = claims as JsonObject & PaperPass & Window;
  if (exp <= nbf || exp - nbf > LONGEST_PAPER) throw new InvalidText("not a paper pass");
  return {jws, kid, unverifiedPass: {iss, status, holder, window: {nbf, exp}}};
}

/** Whether `alg`, `typ` and the signature are those of a paper pass under `key`. */
export async function isPaperSignedBy(paper: UnverifiedPaper, key: PaperKey): Promise<boolean> {
  const publicKey = await keyFromJwk(key);
  if (publicKey === null) return false;
  return (await verifyJws(paper.jws, "qupia-paper+jwt", publicKey)) !== null;
}

/** Whether a text begins as a paper pass does. */
export function looksLikePaper(text: string): boolean {
  return text.startsWith(BEGINNING);
}

/** Whether a text that begins as a paper pass does has all its parts. */
export function isWholePaper(text: string): boolean {
  const [, , signature = ""] = text.split(".");
  return signature.length >= SIGNATURE_LENGTH;
}
