/**
 * From a pinned anchor to a bundle that may be believed (docs/formats.md, "When a client refuses a
 * bundle").
 *
 * A client knows one anchor from its set-up. It walks the root statements in the bundle from there,
 * and afterwards knows only what the last one says. What it has accepted before is a
 * {@link TrustState}, beside the bundle that it holds; a bundle that contradicts them is rejected.
 */

import {BUNDLE_LIMIT, checkKeys, parseBundle, type TrustBundle} from "./bundle.ts";
import {BundleRejected} from "./bundle-faults.ts";
import {agrees, checkContinuity, followLog, type Logged, type LogMemory} from "./continuity.ts";
import {type Bytes, b64urlEncode, InvalidText} from "./encoding.ts";
import type {HintForm} from "./hints.ts";
import type {JsonObject} from "./json.ts";
import {keyFromJwk} from "./jwk.ts";
import {parseJws, type UnverifiedJws, verifyJws} from "./jws.ts";
import {bundleEntry, joinCarried, splitCarried, statementEntry} from "./log/entries.ts";
import {countCosigners, isInLog, type LogProof, parseProof} from "./log/proofs.ts";
import {
  type Chain,
  chainDigest,
  isWatchedLike,
  type RootStatement,
  type Signer,
  walkChain,
} from "./root-statements.ts";
import {sha256} from "./webcrypto.ts";

/** What a person is told although the bundle was taken: names of sentences. */
export type TrustWarning = "continuity_unknown" | "log_replaced";

/** What no bundle may change after set-up. */
export interface Pins {
  readonly iss: string;
  readonly tokenIssuer: string;
  readonly specimen: boolean;
  readonly batchSize: number;
  readonly hint: HintForm;
}

/**
 * What a client remembers: its pin, what it pinned with the first bundle, and how far it saw.
 *
 * `chain` is the digest of the root statements from the pinned one to that of `rootVersion`;
 * `digest` that of the bundle of `version`; `log` the largest tree that was seen. `logReplaced`
 * stays until a person has read it.
 */
export interface TrustState {
  readonly anchor: string;
  readonly pins: Pins | null;
  readonly sunset: number | null;
  readonly rootVersion: number;
  readonly chain: string;
  readonly version: number;
  readonly digest: string;
  readonly log: LogMemory | null;
  readonly logReplaced: boolean;
}

/** A bundle whose signatures, rules and proof are right; `data` is it as it is carried. */
export interface VerifiedBundle extends Logged {
  readonly data: Bytes;
  readonly jws: Bytes;
  /** What names the bundle: it is of the JWS alone, and the proof may be renewed. */
  readonly digest: string;
  readonly chain: Chain;
  readonly signerExp: number;
  /** False where the last statement changes what is watched, and no log before it says so. */
  readonly isHandedOver: boolean;
}

/**
 * The bundle in force after one was offered, and all there is to remember of it: where the offered
 * one was older or the same, that is the one that was held before.
 */
export interface Accepted {
  readonly found: VerifiedBundle;
  readonly state: TrustState;
  readonly warnings: readonly TrustWarning[];
}

/** What is known before the first bundle. */
export function pinned(anchor: string): TrustState {
  const nothing = {pins: null, sunset: null, rootVersion: 0, chain: "", version: 0, digest: ""};
  return {anchor, ...nothing, log: null, logReplaced: false};
}

/** base64url(H(data)), 43 characters: of a JWS the bundle's name, of all that is served its ETag. */
export async function bundleDigest(data: Bytes): Promise<string> {
  return b64urlEncode(await sha256(data));
}

/**
 * Verify a bundle from the pinned anchor on, whatever the time and what was seen before.
 *
 * Throws BundleRejected.
 */
export async function readBundle(data: Bytes, anchor: string): Promise<VerifiedBundle> {
  if (data.length > BUNDLE_LIMIT) throw new BundleRejected("too_large");
  const {jws, proof: proofText} = splitCarried(data);
  const unverified = parse(jws);
  const {delegations, handover} = unverified.unverifiedPayload;
  if (!Array.isArray(delegations)) throw new BundleRejected("not_a_bundle");
  const chain = await walkChain(delegations, anchor);
  const signer = signerOf(unverified, chain.last);
  const bundle = await parseBundle(await payloadOf(unverified, signer), chain.last.sunset);
  await checkKeys(bundle, chain.last.roots.values(), chain.last.signers.values());
  if (bundle.iat < signer.nbf || bundle.iat >= signer.exp) {
    throw new BundleRejected("unknown_signer");
  }
  const entry = await bundleEntry(jws);
  if (proofText === null || chain.last.place.tokenIssuer !== bundle.tokenIssuer) {
    throw new BundleRejected("not_in_log");
  }
  const proof = await proofOf(entry, proofText, chain.last);
  return {
    data: joinCarried({jws, proof: proofText}),
    jws,
    digest: await bundleDigest(jws),
    bundle,
    chain,
    signerExp: signer.exp,
    entry,
    proof,
    isHandedOver: await isHandedOver(chain, handover),
  };
}

/**
 * Verify a bundle against all that is known; throws BundleRejected.
 *
 * `held` is the bundle in force, null before the first. `leaves` are the leaf hashes of the whole
 * log at the size that the offered proof tells, for a client that was away for so long that the
 * proof does not reach back to what it remembers; without them it is warned.
 */
export async function acceptBundle(
  data: Bytes,
  state: TrustState,
  held: VerifiedBundle | null,
  now: number,
  leaves: readonly Bytes[] | null = null,
): Promise<Accepted> {
  const offered = await readBundle(data, state.anchor);
  checkPins(offered.bundle, state);
  await checkStatements(offered.chain, state);
  if (held !== null && isOlder(offered, state)) return {found: held, state, warnings: []};
  checkTime(offered, now);
  if (isOlder(offered, state)) throw new BundleRejected("rollback");
  return take(offered, held, state, leaves);
}

/** A log of which a client needs the leaf hashes, at the size of an offered proof. */
export interface MissingLeaves {
  readonly origin: string;
  readonly size: bigint;
}

/**
 * What to fetch before a bundle is accepted; null where its proof reaches back to all that is
 * remembered. Nothing is verified here.
 */
export function missingLeaves(data: Bytes, {log}: TrustState): MissingLeaves | null {
  const {proof: text} = splitCarried(data);
  const proof = text && parseOrNull(text);
  if (!proof || log === null) return null;
  const {origin, size} = proof.checkpoint;
  const isSame = log.key.startsWith(`${origin}+`);
  return isSame && log.size < proof.tail.start ? {origin, size} : null;
}

/** Compare with what was held; the state that is returned is the one to remember. */
async function take(
  offered: VerifiedBundle,
  held: VerifiedBundle | null,
  state: TrustState,
  leaves: readonly Bytes[] | null,
): Promise<Accepted> {
  const isRepeated = isSameVersion(offered, held, state);
  const {memory, isKnown} = await follow(offered, held, state, leaves);
  if (held !== null && !isRepeated && isSameLog(offered, state)) checkContinuity(offered, held);
  const found = held !== null && isRepeated && !isRenewed(offered, held) ? held : offered;
  const isNew = offered.chain.last.version > state.rootVersion;
  const isUnsaid = isNew && !offered.isHandedOver;
  const logReplaced = state.logReplaced || isUnsaid || missedALog(offered.chain, state);
  const following = {...(await stateOf(found, state.anchor)), log: memory, logReplaced};
  return {found, state: following, warnings: warningsOf(isKnown, logReplaced)};
}

async function follow(
  offered: VerifiedBundle,
  held: VerifiedBundle | null,
  state: TrustState,
  leaves: readonly Bytes[] | null,
): Promise<{memory: LogMemory; isKnown: boolean}> {
  if (state.log !== null && isSameLog(offered, state)) {
    return followLog(offered, held, state.log, leaves);
  }
  const {size, root} = offered.proof.checkpoint;
  const memory = {key: offered.chain.last.log.text, size, root: b64urlEncode(root)};
  return {memory, isKnown: true};
}

async function stateOf({bundle, chain, digest}: VerifiedBundle, anchor: string) {
  return {
    anchor,
    pins: pinsOf(bundle),
    sunset: bundle.sunset,
    rootVersion: chain.last.version,
    chain: await chainDigest(chain, chain.last.version),
    version: bundle.version,
    digest,
  };
}

function warningsOf(isKnown: boolean, logReplaced: boolean): TrustWarning[] {
  const unknown: TrustWarning[] = isKnown ? [] : ["continuity_unknown"];
  return logReplaced ? [...unknown, "log_replaced"] : unknown;
}

function parse(jws: Bytes): UnverifiedJws {
  try {
    return parseJws(new TextDecoder("utf-8", {fatal: true, ignoreBOM: true}).decode(jws));
  } catch {
    throw new BundleRejected("not_a_bundle");
  }
}

/** The key that the header names; a `kid` that is no text names none. */
function signerOf({unverifiedHeader}: UnverifiedJws, {signers}: RootStatement): Signer {
  const {kid} = unverifiedHeader;
  const signer = typeof kid === "string" ? signers.get(kid) : undefined;
  if (signer === undefined) throw new BundleRejected("unknown_signer");
  return signer;
}

async function payloadOf(unverified: UnverifiedJws, signer: Signer): Promise<JsonObject> {
  const key = await keyFromJwk(signer);
  const payload = key && (await verifyJws(unverified, "qupia-trust+jwt", key));
  if (!payload) throw new BundleRejected("unknown_signer");
  return payload;
}

/** The proof that an entry is in the log that a statement names, under its quorum. */
async function proofOf(entry: Bytes, data: Bytes, statement: RootStatement): Promise<LogProof> {
  const proof = parseOrNull(data);
  if (proof === null || !(await isInLog(entry, proof, statement.log))) {
    throw new BundleRejected("not_in_log");
  }
  const cosigners = await countCosigners(proof, statement.witnesses);
  if (cosigners === null || cosigners < statement.quorum) {
    throw new BundleRejected("not_cosigned");
  }
  const {size, root} = proof.checkpoint;
  if (!(await agrees(proof.tail, size, root))) throw new BundleRejected("split_view");
  return proof;
}

function parseOrNull(data: Bytes): LogProof | null {
  try {
    return parseProof(data);
  } catch (error) {
    if (error instanceof InvalidText) return null;
    throw error;
  }
}

/**
 * Whether the log before knows of a last statement that changes what is watched.
 *
 * Throws BundleRejected for a proof that is none.
 */
async function isHandedOver({last, before}: Chain, handover: unknown): Promise<boolean> {
  if (before === null || isWatchedLike(last, before)) return true;
  if (typeof handover !== "string") return false;
  await proofOf(await statementEntry(last.payload), new TextEncoder().encode(handover), before);
  return true;
}

/** Whether the log was replaced by a statement before the last: its proof is carried no more. */
function missedALog({last, before}: Chain, {log}: TrustState): boolean {
  return log !== null && log.key !== last.log.text && before?.log.text === last.log.text;
}

function checkTime({signerExp, bundle}: VerifiedBundle, now: number): void {
  if (now >= signerExp) throw new BundleRejected("unknown_signer");
  if (now >= bundle.exp) throw new BundleRejected("expired");
}

function pinsOf({iss, tokenIssuer, specimen, batchSize, hint}: TrustBundle): Pins {
  return {iss, tokenIssuer, specimen, batchSize, hint};
}

function checkPins(bundle: TrustBundle, {pins}: TrustState): void {
  if (pins !== null && JSON.stringify(pinsOf(bundle)) !== JSON.stringify(pins)) {
    throw new BundleRejected("pin_changed");
  }
}

/** Statements that were seen must come again with the same payloads. */
async function checkStatements(chain: Chain, state: TrustState): Promise<void> {
  if (chain.last.version < state.rootVersion) throw new BundleRejected("rollback");
  const isSeen = (await chainDigest(chain, state.rootVersion)) === state.chain;
  if (state.rootVersion > 0 && !isSeen) throw new BundleRejected("split_view");
}

/** Whether it is of a lower version under the same statements: a host that lags behind. */
function isOlder({chain, bundle}: VerifiedBundle, state: TrustState): boolean {
  return chain.last.version === state.rootVersion && bundle.version < state.version;
}

function isSameLog({chain}: VerifiedBundle, {log}: TrustState): boolean {
  return log?.key === chain.last.log.text;
}

/**
 * Whether it is the version that is held; throws BundleRejected for another payload.
 *
 * Another signature of the same payload alone is nothing. Where the bundle that was held is lost,
 * only its digest can be compared.
 */
function isSameVersion(
  {chain, bundle, jws, digest}: VerifiedBundle,
  held: VerifiedBundle | null,
  state: TrustState,
): boolean {
  if (chain.last.version !== state.rootVersion || bundle.version !== state.version) return false;
  const isSame = held === null ? digest === state.digest : payloadIn(jws) === payloadIn(held.jws);
  if (!isSame) throw new BundleRejected("split_view");
  return true;
}

function payloadIn(jws: Bytes): string | undefined {
  return new TextDecoder().decode(jws).split(".")[1];
}

/** Whether it is the same JWS with a proof about a larger log. */
function isRenewed(offered: VerifiedBundle, held: VerifiedBundle): boolean {
  const isLarger = offered.proof.checkpoint.size > held.proof.checkpoint.size;
  return isLarger && offered.digest === held.digest;
}
