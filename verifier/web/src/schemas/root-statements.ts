/**
 * Root statements: what the offline keys say of everything else (docs/formats.md, "Root
 * statements").
 *
 * A statement is JWS in its general JSON form (RFC 7515 section 7.2.1): one payload, and as many
 * signatures as there were root keys at hand. Its identity is the payload.
 */

import isRootStatement from "virtual:validators/root-statement";
import isSignedStatement from "virtual:validators/signed-statement";
import {BundleRejected} from "./bundle-faults.ts";
import {ascii, type Bytes, b64urlDecode, b64urlEncode, concat, InvalidText} from "./encoding.ts";
import {parseJsonObject} from "./json.ts";
import {type Jwk, keyFromJwk, thumbprint} from "./jwk.ts";
import {parseJws, type UnverifiedJws, verifyJws} from "./jws.ts";
import {parseVerifierKey, type VerifierKey} from "./log/notes.ts";
import {sha256} from "./webcrypto.ts";

const LONGEST_DELEGATION = 35 * 24 * 3600;
const ANCHOR_LABEL = ascii("qupia-anchor-v1");
const ORIGIN = /^([!-~]{1,100}?)\/\.well-known\/qupia\/log\/([1-9][0-9]{0,8})$/;

/** Public keys by their RFC 7638 thumbprint. */
export type Jwks<Key extends Jwk = Jwk> = ReadonlyMap<string, Key>;
export type Signer = Jwk & {readonly nbf: number; readonly exp: number};

/** What the name of a log's key says: whose log it is, and its number, from 1 on. */
export interface LogPlace {
  readonly tokenIssuer: string;
  readonly number: number;
}

/**
 * A statement whose members keep their rules. `sunset` is Unix seconds; `quorum` is how many of
 * `witnesses` must have cosigned; `payload` the JSON as it was signed.
 */
export interface RootStatement {
  readonly version: number;
  readonly threshold: number;
  readonly roots: Jwks;
  readonly signers: Jwks<Signer>;
  readonly sunset: number;
  readonly log: VerifierKey;
  readonly place: LogPlace;
  readonly witnesses: readonly VerifierKey[];
  readonly quorum: number;
  readonly payload: Bytes;
  /** What a client pins, 43 characters. */
  readonly anchor: string;
  /** What is compared with the statement before, besides the roots: log, witnesses, quorum. */
  readonly watch: string;
}

/** A statement and its signatures, each as the compact text that is verified. */
interface SignedStatement {
  readonly statement: RootStatement;
  readonly unverified: readonly UnverifiedJws[];
}

/** The statements that a client believes, from the one that it pinned on; never empty. */
export interface Chain {
  readonly statements: readonly RootStatement[];
  readonly last: RootStatement;
  /** Null where the last is the pinned one. */
  readonly before: RootStatement | null;
}

interface Payload {
  version: number;
  threshold: number;
  roots: Jwk[];
  signers: Signer[];
  sunset: number;
  log: string;
  witnesses: {key: string; url: string}[];
  quorum: number;
}

/**
 * The statements from the pinned one on, each verified by the one before; throws BundleRejected.
 *
 * Statements before the pinned one are of the right form, and that is all that is known of them.
 */
export async function walkChain(delegations: readonly unknown[], anchor: string): Promise<Chain> {
  const signed: SignedStatement[] = [];
  for (const value of delegations) signed.push(await parseSigned(value).catch(notOne));
  const begins = signed.findIndex(({statement}) => statement.anchor === anchor);
  const [pinned, ...others] = begins < 0 ? [] : signed.slice(begins);
  if (pinned === undefined || !(await isSignedFor(pinned, pinned.statement))) {
    throw new BundleRejected(signed.length > 0 ? "unknown_root" : "broken_chain");
  }
  const statements = [pinned.statement];
  let [last, before]: [RootStatement, RootStatement | null] = [pinned.statement, null];
  for (const following of others) {
    await checkFollows(following, last);
    [last, before] = [following.statement, last];
    statements.push(last);
  }
  return {statements, last, before};
}

/** Whether an anchor is that of the pinned statement or of a later one. */
export function leadsTo({statements}: Chain, anchor: string): boolean {
  return statements.some((statement) => statement.anchor === anchor);
}

/** base64url(H(…)) of the digests of the statements up to `version`, or of all of them. */
export async function chainDigest({statements}: Chain, version: number): Promise<string> {
  const seen = statements.filter((statement) => statement.version <= version);
  const digests = await Promise.all(seen.map(({payload}) => sha256(payload)));
  return b64urlEncode(await sha256(concat(...digests)));
}

/** Whether roots, threshold, log, witnesses and quorum are those of `other`. */
export function isWatchedLike(statement: RootStatement, other: RootStatement): boolean {
  return hasRootsOf(statement, other) && statement.watch === other.watch;
}

/** Whether the same roots stand in both, and as many of them must sign. */
function hasRootsOf(statement: RootStatement, other: RootStatement): boolean {
  const {roots, threshold} = other;
  const isSameSet =
    statement.roots.size === roots.size &&
    [...roots.keys()].every((kid) => statement.roots.has(kid));
  return isSameSet && statement.threshold === threshold;
}

/** Throws BundleRejected unless a statement may come after `before`. */
async function checkFollows(following: SignedStatement, before: RootStatement): Promise<void> {
  const {statement} = following;
  const isNext =
    statement.version === before.version + 1 &&
    (await isSignedFor(following, before)) &&
    (hasRootsOf(statement, before) || (await isSignedFor(following, statement))) &&
    logFollows(statement, before);
  if (!isNext) throw new BundleRejected("broken_chain");
  if (statement.sunset > before.sunset) throw new BundleRejected("sunset_later");
}

/** The log's number is one higher exactly when its key changes. */
function logFollows(statement: RootStatement, before: RootStatement): boolean {
  const [now, then] = [statement.place, before.place];
  if (now.tokenIssuer !== then.tokenIssuer) return false;
  const isSameKey = b64urlEncode(statement.log.key) === b64urlEncode(before.log.key);
  return isSameKey ? statement.log.text === before.log.text : now.number === then.number + 1;
}

/**
 * Whether as many roots of `other` signed as it asks for. A wrong signature of one of them refuses;
 * signatures of other keys are left alone, since a statement that changes the roots is signed by
 * those before it, too, whom a client that begins here does not know.
 */
async function isSignedFor(signed: SignedStatement, other: RootStatement): Promise<boolean> {
  const signers = new Set<string>();
  for (const jws of signed.unverified) {
    const kid = String(jws.unverifiedHeader.kid);
    const root = other.roots.get(kid);
    if (root === undefined) continue;
    const key = await keyFromJwk(root);
    if (key === null || (await verifyJws(jws, "qupia-root+jwt", key)) === null) return false;
    signers.add(kid);
  }
  return signers.size >= other.threshold;
}

function notOne(error: unknown): never {
  if (error instanceof InvalidText) throw new BundleRejected("broken_chain");
  throw error;
}

/** A statement with whatever signatures it bears, none of them verified; throws InvalidText. */
async function parseSigned(value: unknown): Promise<SignedStatement> {
  if (!isSignedStatement(value)) throw new InvalidText("not a root statement");
  const {payload, signatures} = value as {
    payload: string;
    signatures: {protected: string; signature: string}[];
  };
  const unverified = signatures.map((one) => {
    return parseSignature(`${one.protected}.${payload}.${one.signature}`);
  });
  return {statement: await parseStatement(b64urlDecode(payload)), unverified};
}

function parseSignature(text: string): UnverifiedJws {
  const jws = parseJws(text);
  const names = Object.keys(jws.unverifiedHeader).sort().join(" ");
  if (names !== "alg kid typ" || typeof jws.unverifiedHeader.kid !== "string") {
    throw new InvalidText("not the header of a root's signature");
  }
  return jws;
}

/** The payload of a statement; throws InvalidText for one that breaks a rule. */
async function parseStatement(payload: Bytes): Promise<RootStatement> {
  const unchecked: unknown = parseJsonObject(payload);
  if (!isRootStatement(unchecked)) throw new InvalidText("not the payload of a root statement");
  const members = unchecked as Payload;
  const log = await parseVerifierKey(members.log, 1);
  const witnesses: VerifierKey[] = [];
  for (const {key} of members.witnesses) witnesses.push(await parseVerifierKey(key, 4));
  await checkMembers(members, [log, ...witnesses]);
  return {
    version: members.version,
    threshold: members.threshold,
    roots: await byThumbprint(members.roots),
    signers: await byThumbprint(members.signers),
    sunset: members.sunset,
    log,
    place: placeOf(log.name),
    witnesses,
    quorum: members.quorum,
    payload,
    anchor: b64urlEncode(await sha256(concat(ANCHOR_LABEL, payload))),
    watch: watchOf(members),
  };
}

/** Throws InvalidText for what the JSON Schema cannot say. */
async function checkMembers(members: Payload, keys: readonly VerifierKey[]): Promise<void> {
  const {threshold, roots, signers, quorum, witnesses} = members;
  const jwks = await Promise.all([...roots, ...signers].map(keyFromJwk));
  if (
    jwks.includes(null) ||
    threshold > roots.length ||
    quorum > witnesses.length ||
    signers.some(({nbf, exp}) => exp <= nbf || exp - nbf > LONGEST_DELEGATION) ||
    new Set(keys.map(({key}) => b64urlEncode(key))).size < keys.length
  ) {
    throw new InvalidText("the members of the statement do not fit each other");
  }
}

function watchOf({log, witnesses, quorum}: Payload): string {
  return JSON.stringify([log, witnesses.map(({key, url}) => [key, url]), quorum]);
}

function placeOf(origin: string): LogPlace {
  const [, tokenIssuer, number] = origin.match(ORIGIN) ?? [];
  if (tokenIssuer === undefined) throw new InvalidText("not the origin of a log");
  return {tokenIssuer, number: Number(number)};
}

/** Throws InvalidText for a key that stands twice. */
async function byThumbprint<Key extends Jwk>(jwks: readonly Key[]): Promise<Jwks<Key>> {
  const pairs = await Promise.all(jwks.map(async (jwk) => [await thumbprint(jwk), jwk] as const));
  const keys = new Map(pairs);
  if (keys.size < jwks.length) throw new InvalidText("a key stands twice");
  return keys;
}
