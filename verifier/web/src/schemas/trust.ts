/**
 * From a pinned root to a bundle that may be believed (docs/formats.md, "Trust").
 *
 * A client knows one thumbprint from its set-up. It walks the root statements in the bundle from
 * there, and afterwards knows only the roots and signers of the last one. What it has accepted
 * before is a {@link TrustState}; a bundle that contradicts it is rejected.
 */

import isRootStatement from "virtual:validators/root-statement";
import {BUNDLE_LIMIT, parseBundle, type TrustBundle} from "./bundle.ts";
import {type BundleFault, BundleRejected} from "./bundle-faults.ts";
import {ascii, type Bytes, b64urlEncode} from "./encoding.ts";
import type {HintForm} from "./hints.ts";
import type {JsonObject} from "./json.ts";
import {type Jwk, keyFromJwk, thumbprint} from "./jwk.ts";
import {parseJws, type Typ, type UnverifiedJws, verifyJws} from "./jws.ts";
import {sha256} from "./webcrypto.ts";

const LONGEST_DELEGATION = 35 * 24 * 3600;

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
 * `root` is an RFC 7638 thumbprint; `chain` the digest of the root statements up to `rootVersion`;
 * `digest` that of the bundle of `version`.
 */
export interface TrustState {
  readonly root: string;
  readonly pins: Pins | null;
  readonly sunset: number | null;
  readonly rootVersion: number;
  readonly chain: string;
  readonly version: number;
  readonly digest: string;
}

/** A bundle whose signatures and rules are right, and where it stands in history. */
export interface VerifiedBundle {
  readonly bundle: TrustBundle;
  readonly delegations: readonly string[];
  readonly rootVersion: number;
  readonly signerExp: number;
  readonly digest: string;
}

type Signer = Jwk & {readonly nbf: number; readonly exp: number};

/** Which roots come next and who signs bundles, by thumbprint. */
interface RootStatement {
  readonly version: number;
  readonly roots: ReadonlyMap<string, Jwk>;
  readonly signers: ReadonlyMap<string, Signer>;
}

/** What is known before the first bundle. */
export function pinned(root: string): TrustState {
  return {root, pins: null, sunset: null, rootVersion: 0, chain: "", version: 0, digest: ""};
}

/** base64url(H(body)), which is also the ETag. */
export async function bundleDigest(data: Bytes): Promise<string> {
  return b64urlEncode(await sha256(data));
}

/**
 * Verify a bundle from the pinned `root` on, whatever the time and what was seen before.
 *
 * Throws BundleRejected.
 */
export async function readBundle(data: Bytes, root: string): Promise<VerifiedBundle> {
  const unverified = parse(data);
  const delegations = unverified.unverifiedPayload.delegations;
  if (!isTexts(delegations)) throw new BundleRejected("not_a_bundle");
  const last = await walkChain(delegations, root);
  const signer = named(unverified, last.signers);
  const payload = signer && (await verified(unverified, "qupia-trust+jwt", signer));
  if (!signer || !payload) throw new BundleRejected("unknown_signer");
  const bundle = await parseBundle(payload);
  if (bundle.iat < signer.nbf || bundle.iat >= signer.exp) {
    throw new BundleRejected("unknown_signer");
  }
  const digest = await bundleDigest(data);
  return {bundle, delegations, rootVersion: last.version, signerExp: signer.exp, digest};
}

/**
 * Verify a new bundle against all that is known; throws BundleRejected.
 *
 * The state that is returned is the one to remember.
 */
export async function acceptBundle(
  data: Bytes,
  state: TrustState,
  now: number,
): Promise<{bundle: TrustBundle; state: TrustState}> {
  const found = await readBundle(data, state.root);
  const {bundle, rootVersion, digest} = found;
  if (now >= found.signerExp) throw new BundleRejected("unknown_signer");
  if (now >= bundle.exp) throw new BundleRejected("expired");
  checkPins(bundle, state);
  await checkHistory(found, state);
  const {sunset, version} = bundle;
  const chain = await chainDigest(found.delegations);
  const following = {pins: pinsOf(bundle), sunset, rootVersion, chain, version, digest};
  return {bundle, state: {...state, ...following}};
}

/** The last of the root statements, each verified by the one before; throws BundleRejected. */
async function walkChain(delegations: readonly string[], root: string): Promise<RootStatement> {
  const [first, ...others] = delegations;
  if (first === undefined) throw new BundleRejected("broken_chain");
  let current = await firstStatement(first, root);
  for (const text of others) {
    const following = await verifyStatement(text, current.roots, "broken_chain");
    if (following.version !== current.version + 1) throw new BundleRejected("broken_chain");
    current = following;
  }
  return current;
}

function parse(data: Bytes): UnverifiedJws {
  if (data.length > BUNDLE_LIMIT) throw new BundleRejected("too_large");
  try {
    return parseJws(new TextDecoder("utf-8", {fatal: true, ignoreBOM: true}).decode(data));
  } catch {
    throw new BundleRejected("not_a_bundle");
  }
}

/** The pinned root is only a thumbprint, so its key is taken from the statement it signs. */
async function firstStatement(text: string, root: string): Promise<RootStatement> {
  const statement = await parseStatement(parseDelegation(text).unverifiedPayload);
  const jwk = statement.roots.get(root);
  if (jwk === undefined) throw new BundleRejected("unknown_root");
  return verifyStatement(text, new Map([[root, jwk]]), "unknown_root");
}

async function verifyStatement(
  text: string,
  roots: ReadonlyMap<string, Jwk>,
  fault: BundleFault,
): Promise<RootStatement> {
  const unverified = parseDelegation(text);
  const root = named(unverified, roots);
  const payload = root && (await verified(unverified, "qupia-root+jwt", root));
  if (!payload) throw new BundleRejected(fault);
  return parseStatement(payload);
}

/** The key that the header names; a `kid` that is no text names none. */
function named<T extends Jwk>({unverifiedHeader}: UnverifiedJws, keys: ReadonlyMap<string, T>) {
  const {kid} = unverifiedHeader;
  return typeof kid === "string" ? keys.get(kid) : undefined;
}

function parseDelegation(text: string): UnverifiedJws {
  try {
    return parseJws(text);
  } catch {
    throw new BundleRejected("broken_chain");
  }
}

async function parseStatement(payload: JsonObject): Promise<RootStatement> {
  if (!isRootStatement(payload)) throw new BundleRejected("broken_chain");
  const statement = payload as unknown as {version: number; roots: Jwk[]; signers: Signer[]};
  const {version, roots, signers} = statement;
  if (signers.some(({nbf, exp}) => exp <= nbf || exp - nbf > LONGEST_DELEGATION)) {
    throw new BundleRejected("broken_chain");
  }
  return {version, roots: await byThumbprint(roots), signers: await byThumbprint(signers)};
}

async function byThumbprint<T extends Jwk>(jwks: readonly T[]): Promise<ReadonlyMap<string, T>> {
  return new Map(await Promise.all(jwks.map(async (jwk) => [await thumbprint(jwk), jwk] as const)));
}

async function verified(jws: UnverifiedJws, typ: Typ, jwk: Jwk): Promise<JsonObject | null> {
  const key = await keyFromJwk(jwk);
  return key && verifyJws(jws, typ, key);
}

function pinsOf({iss, tokenIssuer, specimen, batchSize, hint}: TrustBundle): Pins {
  return {iss, tokenIssuer, specimen, batchSize, hint};
}

function checkPins(bundle: TrustBundle, state: TrustState): void {
  const {pins, sunset} = state;
  if (pins !== null && JSON.stringify(pinsOf(bundle)) !== JSON.stringify(pins)) {
    throw new BundleRejected("pin_changed");
  }
  if (sunset !== null && bundle.sunset > sunset) throw new BundleRejected("sunset_later");
}

/** A later root statement starts the versions anew, but must continue the chain already seen. */
async function checkHistory(found: VerifiedBundle, state: TrustState): Promise<void> {
  const {delegations, rootVersion, digest} = found;
  const {version} = found.bundle;
  if (rootVersion < state.rootVersion) throw new BundleRejected("rollback");
  if (state.rootVersion > 0) {
    const first = rootVersion - delegations.length + 1;
    const seen = delegations.slice(0, state.rootVersion - first + 1);
    if ((await chainDigest(seen)) !== state.chain) throw new BundleRejected("split_view");
  }
  if (rootVersion > state.rootVersion) return;
  if (version < state.version) throw new BundleRejected("rollback");
  if (version === state.version && digest !== state.digest) {
    throw new BundleRejected("split_view");
  }
}

function chainDigest(delegations: readonly string[]): Promise<string> {
  return bundleDigest(ascii(delegations.join(".")));
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}
