/**
 * The trust bundle as a value, and the rules that its payload keeps.
 *
 * They are docs/formats.md, "The trust bundle" and "When a client refuses a bundle".
 *
 * Signatures and versions are the business of trust.ts. All values are plain, so that a bundle can
 * be handed from one thread to another.
 */

import isTrustBundle from "virtual:validators/trust-bundle";
import {BundleRejected, type OddRule} from "./bundle-faults.ts";
import {type Bytes, b64urlDecode, hex} from "./encoding.ts";
import {allHints, type HintForm, type Holder} from "./hints.ts";
import type {JsonObject} from "./json.ts";
import type {Jwk} from "./jwk.ts";
import type {Texts} from "./languages.ts";
import {type ListedKey, oddKeyRuleOf, oddRuleOf} from "./odd-rules.ts";
import type {PaperKey} from "./paper.ts";
import {KEY_PREFIX_BYTES} from "./presentation.ts";
import {challengeDigest, tokenKeyId} from "./token.ts";

/** Bytes; a larger bundle is refused. */
export const BUNDLE_LIMIT = 4_000_000;

const HOUR = 3600;
const LONGEST_LIFE = 7 * 24 * HOUR;
/** How long doors can go on admitting passes of a key that was withdrawn. */
const LONGEST_RETIRING = 24 * HOUR;
export const FRESH = 24 * HOUR;
/** Seconds that a device's clock may lie before a bundle's `iat`. */
export const CLOCK_TOLERANCE = 120;

/** `nbf` inclusive, `exp` exclusive, both Unix seconds. */
export interface Window {
  readonly nbf: number;
  readonly exp: number;
}

/** One cell of the grid. `id` is 32 bytes, `modulus` 256. */
export interface PassKey {
  readonly id: Bytes;
  readonly modulus: Bytes;
  readonly status: string;
  readonly holder: Holder;
  readonly window: Window;
}

/** What a pass says: its name in three languages and its colour `#rrggbb`. */
export interface Status {
  readonly id: string;
  readonly name: Texts;
  readonly colour: string;
}

/** What a kind of venue admits; `asksHint` tells staff to check an ID. */
export interface VenuePolicy {
  readonly id: string;
  readonly name: Texts;
  readonly admit: readonly string[];
  readonly asksHint: boolean;
}

/** A bundle whose payload keeps all rules. Times are Unix seconds. */
export interface TrustBundle {
  readonly iss: string;
  readonly name: Texts;
  readonly tokenIssuer: string;
  readonly version: number;
  readonly iat: number;
  readonly exp: number;
  /** The log's entry before this one, 32 bytes in base64url; null for the first. */
  readonly previous: string | null;
  /** The proof that the last root statement is in the log of the one before it. */
  readonly handover: string | null;
  /** What the last root statement says. */
  readonly sunset: number;
  readonly batchSize: number;
  readonly hint: HintForm;
  readonly specimen: boolean;
  readonly statuses: readonly Status[];
  readonly policies: readonly VenuePolicy[];
  /** The windows of the grid, earliest first. */
  readonly windows: readonly Window[];
  /** H(TokenChallenge), 32 bytes. */
  readonly challenge: Bytes;
  /** The key for the hex of the first four bytes of its id; null where it is retired for good. */
  readonly byPrefix: ReadonlyMap<string, PassKey | null>;
  /** From when on passes of a withdrawn key are refused, by the same four bytes. */
  readonly retired: ReadonlyMap<string, number>;
  /** The whole ids of all withdrawn keys, in base64url. */
  readonly retiredIds: ReadonlySet<string>;
  /** The keys of paper passes by what a JWT's header names. */
  readonly paperByKid: ReadonlyMap<string, PaperKey>;
  /** The authority's X25519 public keys (32 bytes, not checked yet) by hour since 1970. */
  readonly tracing: ReadonlyMap<number, Bytes>;
  /** The same for the exports of venues, by UTC day since 1970. */
  readonly tracingExports: ReadonlyMap<number, Bytes>;
  /** Each P-256 key that the bundle lists, with its purpose. */
  readonly listedKeys: readonly ListedKey[];
}

/** The payload's members that are read here; the schema has checked their shape. */
interface Payload {
  iss: string;
  name: Texts;
  token_issuer: string;
  version: number;
  iat: number;
  exp: number;
  previous: string | null;
  handover?: string;
  batch_size: number;
  hint: HintForm;
  specimen: boolean;
  pass_keys: PassKeyEntry[];
  paper_keys: PaperKey[];
  service_keys: ServiceKey[];
  retired: RetiredEntry[];
  retiring: PassKeyEntry[];
  statuses: Status[];
  policies: PolicyEntry[];
  tracing: TracingEntry[];
  tracing_exports: ExportEntry[];
}

type PassKeyEntry = {id: string; n: string; status: string; holder: Holder} & Window;
type ServiceKey = Jwk & {readonly typ: string};
type RetiredEntry = {id: string; at: number};
type TracingEntry = {hour: number; x: string};
type ExportEntry = {day: number; x: string};
type PolicyEntry = {id: string; name: Texts; admit: string[]; hint: "ask" | "ignore"};

/**
 * Turn a payload into a bundle; throws BundleRejected. Unknown members are ignored.
 *
 * `sunset` is what the last root statement says.
 */
export async function parseBundle(unchecked: JsonObject, sunset: number): Promise<TrustBundle> {
  if (!isTrustBundle(unchecked)) throw new BundleRejected("not_a_bundle");
  const payload = unchecked as unknown as Payload;
  const passKeys = await inOrder(payload.pass_keys.map(parsePassKey));
  const retired = payload.retired.map(({id, at}) => ({id: parseBytes(id), at}));
  const retiring = await inOrder(payload.retiring.map(parsePassKey));
  const tracing = new Map(payload.tracing.map(({hour, x}) => [hour, parseBytes(x)] as const));
  const tracingExports = new Map(
    payload.tracing_exports.map(({day, x}) => [day, parseBytes(x)] as const),
  );
  if (payload.previous !== null) parseBytes(payload.previous);
  checkMembers(payload);
  checkPrefixes([...passKeys, ...retired].map(({id}) => id));
  const windows = windowsOf(passKeys);
  checkGrid(payload, passKeys, windows);
  checkRetiring(payload, passKeys, retired, retiring);
  const listedKeys = listed(payload);
  refuseOdd(oddRuleOf(payload.statuses, windows, payload.batch_size));
  refuseOdd(await oddKeyRuleOf(listedKeys));
  return {
    iss: payload.iss,
    name: payload.name,
    tokenIssuer: payload.token_issuer,
    version: payload.version,
    iat: payload.iat,
    exp: payload.exp,
    previous: payload.previous,
    handover: payload.handover ?? null,
    sunset,
    batchSize: payload.batch_size,
    hint: payload.hint,
    specimen: payload.specimen,
    statuses: payload.statuses,
    policies: payload.policies.map(({id, name, admit, hint}) => {
      return {id, name, admit, asksHint: hint === "ask"};
    }),
    windows,
    challenge: await challengeDigest(payload.token_issuer),
    byPrefix: new Map([
      ...retired.map(({id}) => [prefixOf(id), null] as const),
      ...[...passKeys, ...retiring].map((key) => [prefixOf(key.id), key] as const),
    ]),
    retiredIds: new Set(payload.retired.map(({id}) => id)),
    retired: new Map(retired.map(({id, at}) => [prefixOf(id), at])),
    paperByKid: new Map(payload.paper_keys.map((key) => [key.kid, key])),
    tracing,
    tracingExports,
    listedKeys,
  };
}

/** Refuse a key that a bundle lists and that stands in its root statement, too. */
export async function checkKeys(
  {listedKeys}: TrustBundle,
  roots: Iterable<Jwk>,
  signers: Iterable<Jwk>,
): Promise<void> {
  const named = [...roots].map((jwk) => ["root", jwk] as const);
  const signing = [...signers].map((jwk) => ["signer", jwk] as const);
  refuseOdd(await oddKeyRuleOf([...listedKeys, ...named, ...signing]));
}

/** Whether the key of that prefix was withdrawn and its time has come. */
export function isRetired(bundle: TrustBundle, prefix: string, now: number): boolean {
  return (bundle.retired.get(prefix) ?? Number.POSITIVE_INFINITY) <= now;
}

/** The keys of the grid, without those that are retiring. */
export function passKeysOf({byPrefix, retired}: TrustBundle): PassKey[] {
  const listed = [...byPrefix].filter(([prefix]) => !retired.has(prefix));
  return listed.flatMap(([, key]) => (key === null ? [] : [key]));
}

/** The policy of that id, or the first for null; undefined when there is none of that id. */
export function policyOf(bundle: TrustBundle, id: string | null): VenuePolicy | undefined {
  return id === null ? bundle.policies[0] : bundle.policies.find((policy) => policy.id === id);
}

export function contains(window: Window, now: number): boolean {
  return window.nbf <= now && now < window.exp;
}

function parseBytes(text: string): Bytes {
  try {
    return b64urlDecode(text);
  } catch {
    throw new BundleRejected("not_a_bundle");
  }
}

async function parsePassKey(entry: PassKeyEntry): Promise<PassKey> {
  const [id, modulus] = [parseBytes(entry.id), parseBytes(entry.n)];
  const expected = await tokenKeyId(modulus).catch(() => null);
  if (expected === null || hex(id) !== hex(expected)) throw new BundleRejected("wrong_key_id");
  const {status, holder, nbf, exp} = entry;
  return {id, modulus, status, holder, window: {nbf, exp}};
}

/** All results, or the first failure in the order of the list, whichever came first in time. */
async function inOrder<T>(promises: Promise<T>[]): Promise<T[]> {
  const results = await Promise.allSettled(promises);
  return results.map((result) => {
    if (result.status === "rejected") throw result.reason;
    return result.value;
  });
}

function prefixOf(id: Bytes): string {
  return hex(id.slice(0, KEY_PREFIX_BYTES));
}

function windowsOf(passKeys: readonly PassKey[]): Window[] {
  const windows = new Map(passKeys.map(({window}) => [`${window.nbf}/${window.exp}`, window]));
  return [...windows.values()].sort((one, other) => one.nbf - other.nbf || one.exp - other.exp);
}

function checkMembers(payload: Payload): void {
  const {iat, exp, statuses, policies, tracing, tracing_exports, retired} = payload;
  const known = statuses.map((status) => status.id);
  if (
    exp <= iat ||
    exp - iat > LONGEST_LIFE ||
    repeats(known) ||
    repeats(policies.map((policy) => policy.id)) ||
    policies.some((policy) => policy.admit.some((status) => !known.includes(status))) ||
    repeats(tracing.map(({hour}) => String(hour))) ||
    repeats(tracing_exports.map(({day}) => String(day))) ||
    repeats(retired.map(({id}) => id))
  ) {
    throw new BundleRejected("not_a_bundle");
  }
}

function checkPrefixes(ids: readonly Bytes[]): void {
  if (repeats(ids.map(prefixOf))) throw new BundleRejected("key_id_collision");
}

/** Exactly one key for every window, status and hint, so that no key can mean one person. */
function checkGrid(
  {iat, exp, statuses, hint}: Payload,
  passKeys: readonly PassKey[],
  windows: readonly Window[],
): void {
  const [first, last] = [windows[0], windows.at(-1)];
  const isGrid =
    first !== undefined &&
    last !== undefined &&
    windows.every(({nbf, exp: end}, at) => nbf < end && (windows[at + 1]?.nbf ?? end) === end) &&
    contains(first, iat) &&
    last.nbf < exp &&
    exp <= last.exp &&
    isFull(passKeys, windows, statuses, allHints(hint));
  if (!isGrid) throw new BundleRejected("broken_grid");
}

/** Keys beside the grid are those that were in it a day ago at most, and no others. */
function checkRetiring(
  {iat}: Payload,
  passKeys: readonly PassKey[],
  retired: readonly {readonly id: Bytes; readonly at: number}[],
  retiring: readonly PassKey[],
): void {
  const times = new Map(retired.map(({id, at}) => [hex(id), at - iat]));
  const ids = retiring.map(({id}) => hex(id));
  const isAhead = (time: number) => time > 0 && time <= LONGEST_RETIRING;
  const cells = new Set(passKeys.map((key) => cell(key.window, key.status, key.holder)));
  if (
    repeats(ids) ||
    !ids.every((id) => isAhead(times.get(id) ?? 0)) ||
    retiring.some((key) => !cells.has(cell(key.window, key.status, key.holder)))
  ) {
    throw new BundleRejected("broken_grid");
  }
}

/**
 * Whether each cell has one key, and no key is outside.
 *
 * Keys are counted first: the cells that hostile lists call for could fill the memory.
 */
function isFull(
  passKeys: readonly PassKey[],
  windows: readonly Window[],
  statuses: readonly Status[],
  hints: readonly Holder[],
): boolean {
  if (passKeys.length !== windows.length * statuses.length * hints.length) return false;
  const cells = new Set(passKeys.map((key) => cell(key.window, key.status, key.holder)));
  return windows.every((window) =>
    statuses.every(({id}) => hints.every((holder) => cells.has(cell(window, id, holder)))),
  );
}

function cell(window: Window, status: string, holder: Holder): string {
  return `${window.nbf}/${window.exp}/${status}/${holder}`;
}

function listed({paper_keys, service_keys}: Payload): ListedKey[] {
  const service = service_keys.map((key) => [key.typ, key] as const);
  return [...paper_keys.map((key) => ["paper", key] as const), ...service];
}

function refuseOdd(odd: OddRule | null): void {
  if (odd !== null) throw new BundleRejected("odd_rules", odd);
}

function repeats(values: readonly string[]): boolean {
  return new Set(values).size !== values.length;
}
