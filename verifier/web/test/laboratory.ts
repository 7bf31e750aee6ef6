/**
 * The page's own decisions, callable with plain values: from Node, and from a script in a browser.
 *
 * Built into one module, so that the tests run in each engine what they ran in the other.
 */

import {SeenSet} from "../src/door/seen.ts";
import {type Venue, type Verdict, verify} from "../src/door/verification.ts";
import {policyOf, type TrustBundle} from "../src/schemas/bundle.ts";
import {type BundleFault, BundleRejected, type OddRule} from "../src/schemas/bundle-faults.ts";
import {checkName, formatCheckIn, gridDigest, parseCheckIn} from "../src/schemas/check-in.ts";
import {
  type Bytes,
  base45Decode,
  base45Encode,
  hex,
  InvalidText,
  isSame,
} from "../src/schemas/encoding.ts";
import type {Holder} from "../src/schemas/hints.ts";
import {bindingOf, deriveHourKey, publicHalf, VENUE_LABEL} from "../src/schemas/hour-keys.ts";
import {parseVerifierKey} from "../src/schemas/log/notes.ts";
import {countCosigners, isInLog, parseProof} from "../src/schemas/log/proofs.ts";
import {rootAt} from "../src/schemas/log/tails.ts";
import {type Outcome, type Reason, Refused} from "../src/schemas/refusals.ts";
import {isSigned} from "../src/schemas/token.ts";
import {sealTrace} from "../src/schemas/trace.ts";
import {
  acceptBundle,
  pinned,
  readBundle,
  type TrustState,
  type VerifiedBundle,
} from "../src/schemas/trust.ts";
import {isSignedBy, keyFromPoint} from "../src/schemas/webcrypto.ts";
import {fromHex} from "./hex.ts";

/** What is given in a file of tests/vectors/doors, and described in tests/vectors/make.py. */
export interface Given {
  readonly root: string;
  readonly policy: string;
  readonly now: number;
  readonly venue: {bindings: Record<string, string>; strict: boolean} | null;
  readonly before: readonly {now: number; text: string}[];
  readonly text: string;
}

/** What is to come out. */
export interface Decided {
  readonly outcome: Outcome;
  readonly reason: Reason | null;
  readonly seconds: number;
  readonly status: string | null;
  readonly holder: Holder;
  readonly asks_hint: boolean;
  readonly paper: boolean;
}

/** The bundle in base64, as another program sends it. */
export async function read(base64: string, root: string): Promise<TrustBundle> {
  return (await readBundle(bytes(base64), root)).bundle;
}

/**
 * All that a client does with the proof of an entry, which is given in hex: how many of
 * the witnesses have cosigned; null where the log with this key has it not, or ends otherwise.
 */
export async function prove(
  entry: string,
  text: string,
  log: string,
  witnesses: readonly string[],
): Promise<number | null> {
  const proof = parseProof(new TextEncoder().encode(text));
  const {size, root} = proof.checkpoint;
  const keys = await Promise.all(witnesses.map((key) => parseVerifierKey(key, 4)));
  const isThere = await isInLog(fromHex(entry), proof, await parseVerifierKey(log, 1));
  const end = await rootAt(proof.tail, size);
  return isThere && end && isSame(end, root) ? countCosigners(proof, keys) : null;
}

/** Decide on a case; `before` is scanned first, at the same door. */
export async function decide(given: Given, bundle: TrustBundle | null): Promise<Decided> {
  return (await scan(given, bundle)).at(-1) as Decided;
}

/** Decide on all codes of a case in turn: those of `before`, then its own. */
export async function scan(given: Given, bundle: TrustBundle | null): Promise<Decided[]> {
  const policy = bundle === null ? undefined : policyOf(bundle, given.policy);
  const door = {bundle, policy, venue: venueOf(given), seen: new SeenSet()};
  const decided: Decided[] = [];
  for (const {text, now} of [...given.before, given]) {
    decided.push(await verify(text, {...door, now}).then(admitted, refused));
  }
  return decided;
}

const NOTHING = {status: null, holder: null, asks_hint: false, paper: false};

function admitted({status, holder, asksHint, paper}: Verdict): Decided {
  return {outcome: "admit", reason: null, seconds: 0, status, holder, asks_hint: asksHint, paper};
}

function refused(why: unknown): Decided {
  if (!(why instanceof Refused)) throw why;
  const {outcome, reason, seconds} = why;
  return {outcome, reason, seconds, ...NOTHING};
}

/** Offer bundles (base64) one after the other; for each its fault, or what is odd, or null. */
export async function accept(
  anchor: string,
  offers: readonly {data: string; now: number}[],
): Promise<(BundleFault | OddRule | null)[]> {
  const faults: (BundleFault | OddRule | null)[] = [];
  let [state, held]: [TrustState, VerifiedBundle | null] = [pinned(anchor), null];
  for (const {data, now} of offers) {
    try {
      ({state, found: held} = await acceptBundle(bytes(data), state, held, now));
      faults.push(null);
    } catch (rejected) {
      if (!(rejected instanceof BundleRejected)) throw rejected;
      faults.push(rejected.odd ?? rejected.fault);
    }
  }
  return faults;
}

/** A check-in code; bytes are in hex here. */
interface Code {
  readonly first_hour: number;
  readonly keys: readonly string[];
  readonly grid: string;
  readonly name: string;
}

/** What a file of traced hours is made of; private keys by their hours. */
interface Trace {
  readonly keys: Readonly<Record<string, string>>;
  readonly iss: string;
  readonly day: number;
  readonly authority_key: string;
}

/** Presence tracing, by what is asked; what is refused is null. */
export const presence = {
  base45: (data: string): string => base45Encode(fromHex(data)),

  bytes: (text: string) => orNull(() => hex(base45Decode(text))),

  name: checkName,

  hour_key: async ({seed, hour}: {seed: string; hour: number}) => {
    const key = await deriveHourKey(fromHex(seed), hour, VENUE_LABEL);
    const shown = publicHalf(key);
    return [key, shown, await bindingOf(shown)].map(hex);
  },

  grid: async (ids: readonly string[]) => hex(await gridDigest(ids.map(fromHex))),

  format: ({first_hour, keys, grid, name}: Code): string => {
    const members = {keys: keys.map(fromHex), grid: fromHex(grid), name};
    return formatCheckIn({firstHour: first_hour, ...members});
  },

  parse: (text: string) => {
    return orNull((): Code => {
      const {firstHour, keys, grid, name} = parseCheckIn(text);
      return {first_hour: firstHour, keys: keys.map(hex), grid: hex(grid), name};
    });
  },

  seal: async ({keys, iss, day, authority_key}: Trace) => {
    const entries = Object.entries(keys).map(([at, key]) => [Number(at), fromHex(key)] as const);
    const recipient = {iss, day, key: fromHex(authority_key)};
    return orNull(async () => {
      return new TextDecoder().decode(await sealTrace(new Map(entries), recipient));
    });
  },
};

/** A signature of somebody else's, and the key under which it is to be right; all in hex. */
interface Foreign {
  readonly publicKey: string;
  readonly modulus: string;
  readonly msg: string;
  readonly sig: string;
}

/** Whether a signature is right, by its kind. */
export const signatures = {
  ecdsa: async ({publicKey, msg, sig}: Foreign): Promise<boolean> => {
    const point = fromHex(publicKey);
    const key = await keyFromPoint(point.slice(1, 33), point.slice(33));
    return key !== null && isSignedBy(key, fromHex(sig), fromHex(msg));
  },

  pss: ({modulus, msg, sig}: Foreign): Promise<boolean> => {
    return isSigned(fromHex(modulus).slice(-256), fromHex(sig), fromHex(msg));
  },
};

async function orNull<T>(make: () => T | Promise<T>): Promise<T | null> {
  try {
    return await make();
  } catch (error) {
    if (error instanceof InvalidText) return null;
    throw error;
  }
}

function venueOf({venue}: Given): Venue | undefined {
  if (venue === null) return undefined;
  const bindings = Object.entries(venue.bindings).map(
    ([hour, binding]) => [Number(hour), fromHex(binding)] as const,
  );
  return {bindings: new Map(bindings), strict: venue.strict};
}

function bytes(base64: string): Bytes {
  const letters = atob(base64);
  const data = new Uint8Array(letters.length);
  for (let at = 0; at < data.length; at++) data[at] = letters.charCodeAt(at);
  return data;
}
