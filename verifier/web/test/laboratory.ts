/**
 * The page's own decisions, callable with plain values: from Node, and from a script in a browser.
 *
 * Built into one module, so that the tests run in each engine what they ran in the other.
 */

import {policyOf, type TrustBundle} from "../src/schemas/bundle.ts";
import {type BundleFault, BundleRejected} from "../src/schemas/bundle-faults.ts";
import type {Bytes} from "../src/schemas/encoding.ts";
import type {Holder} from "../src/schemas/hints.ts";
import {type Outcome, type Reason, Refused} from "../src/schemas/refusals.ts";
import {acceptBundle, pinned, readBundle} from "../src/schemas/trust.ts";
import {SeenSet} from "../src/seen.ts";
import {type Venue, type Verdict, verify} from "../src/verification.ts";

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

/** Offer bundles (base64) one after the other; for each its fault, or null where it is accepted. */
export async function accept(
  root: string,
  offers: readonly {data: string; now: number}[],
): Promise<(BundleFault | null)[]> {
  const faults: (BundleFault | null)[] = [];
  let state = pinned(root);
  for (const {data, now} of offers) {
    try {
      ({state} = await acceptBundle(bytes(data), state, now));
      faults.push(null);
    } catch (rejected) {
      if (!(rejected instanceof BundleRejected)) throw rejected;
      faults.push(rejected.fault);
    }
  }
  return faults;
}

function venueOf({venue}: Given): Venue | undefined {
  if (venue === null) return undefined;
  const bindings = Object.entries(venue.bindings).map(
    ([hour, binding]) => [Number(hour), fromHex(binding)] as const,
  );
  return {bindings: new Map(bindings), strict: venue.strict};
}

function fromHex(text: string): Bytes {
  return Uint8Array.from(text.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16));
}

function bytes(base64: string): Bytes {
  const letters = atob(base64);
  const data = new Uint8Array(letters.length);
  for (let at = 0; at < data.length; at++) data[at] = letters.charCodeAt(at);
  return data;
}
