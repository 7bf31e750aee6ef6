/**
 * The trust bundle as a value, and the rules that its payload keeps.
 *
 * They are docs/formats.md, "The trust bundle" and "When a client refuses a bundle".
 *
 * Signatures and versions are the business of trust.ts. All values are plain, so that a bundle can
 * be handed from one thread to another.
 */

import isTrustBundle from "virtual:validators/trust-bundle";
import {BundleRejected} from "./bundle-faults.ts";
import {type Bytes, b64urlDecode, hex} from "./encoding.ts";
import {allHints, type HintForm, type Holder} from "./hints.ts";
import type {JsonObject} from "./json.ts";
import type {Texts} from "./languages.ts";
import type {PaperKey} from "./paper.ts";
import {KEY_PREFIX_BYTES} from "./presentation.ts";
import {challengeDigest, tokenKeyId} from "./token.ts";

/** Bytes; a larger bundle is refused. */
export const BUNDLE_LIMIT = 4_000_000;

const HOUR = 3600;
const LONGEST_LIFE = 7 * 24 * HOUR;
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
  /** The key for the hex of the first four bytes of its id; null where it is retired. */
  readonly byPrefix: ReadonlyMap<string, PassKey | null>;
  /** The keys of paper passes by what a JWT's header names. */
  readonly paperByKid: ReadonlyMap<string, PaperKey>;
  /** The authority's X25519 public keys (32 bytes, not checked yet) by hour since 1970. */
  readonly tracing: ReadonlyMap<number, Bytes>;
}

/** The payload's members that are read here; the schema has checked their shape. */
interface Payload {
  iss: string;
  name: Texts;
  token_issuer: string;
  version: number;
  iat: number;
  exp: number;
  sunset: number;
  batch_size: number;
  hint: HintForm;
  specimen: boolean;
  pass_keys: PassKeyEntry[];
  paper_keys: PaperKey[];
  retired: string[];
  statuses: Status[];
  policies: PolicyEntry[];
  tracing: TracingEntry[];
}

type PassKeyEntry = {id: string; n: string; status: string; holder: Holder} & Window;
type TracingEntry = {hour: number; x: string};
type PolicyEntry = {id: string; name: Texts; admit: string[]; hint: "ask" | "ignore"};

/** Turn a payload into a bundle; throws BundleRejected. Unknown members are ignored. */
export async function parseBundle(unchecked: JsonObject): Promise<TrustBundle> {
  if (!isTrustBundle(unchecked)) throw new BundleRejected("not_a_bundle");
  const payload = unchecked as unknown as Payload;
  const passKeys = await inOrder(payload.pass_keys.map(parsePassKey));
  const retired = payload.retired.map((id) => parseBytes(id));
  const tracing = new Map(payload.tracing.map(({hour, x}) => [hour, parseBytes(x)] as const));
  checkMembers(payload);
  checkPrefixes([...passKeys.map((key) => key.id), ...retired]);
  const windows = windowsOf(passKeys);
  checkGrid(payload, passKeys, windows);
  return {
    iss: payload.iss,
    name: payload.name,
    tokenIssuer: payload.token_issuer,
    version: payload.version,
    iat: payload.iat,
    exp: payload.exp,
    sunset: payload.sunset,
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
      ...passKeys.map((key) => [prefixOf(key.id), key] as const),
      ...retired.map((id) => [prefixOf(id), null] as const),
    ]),
    paperByKid: new Map(payload.paper_keys.map((key) => [key.kid, key])),
    tracing,
  };
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

function checkMembers({iat, exp, statuses, policies, tracing}: Payload): void {
  const known = statuses.map((status) => status.id);
  if (
    exp <= iat ||
    exp - iat > LONGEST_LIFE ||
    repeats(known) ||
    repeats(policies.map((policy) => policy.id)) ||
    policies.some((policy) => policy.admit.some((status) => !known.includes(status))) ||
    repeats(tracing.map(({hour}) => String(hour)))
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

function repeats(values: readonly string[]): boolean {
  return new Set(values).size !== values.length;
}
