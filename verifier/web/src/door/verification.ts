/**
 * The decision at the door: text, bundle, policy and time in; a verdict out.
 *
 * Nothing here reads a storage, a network or a clock, and nothing is remembered but what `seen`
 * holds. The steps have the numbers of docs/formats.md, "Deciding at the door", and of
 * verifier/door/verification.py.
 */

import {
  CLOCK_TOLERANCE,
  isRetired,
  type PassKey,
  type TrustBundle,
  type VenuePolicy,
  type Window,
} from "../schemas/bundle.ts";
import {type Bytes, concat} from "../schemas/encoding.ts";
import type {Holder} from "../schemas/hints.ts";
import {
  isPaperSignedBy,
  type PaperKey,
  parsePaper,
  type UnverifiedPaper,
} from "../schemas/paper.ts";
import {
  fingerprintOf,
  hasLowS,
  PREFIX,
  type Presentation,
  parsePresentation,
  proofMessage,
  SLOT_SECONDS,
  SLOT_TOLERANCE,
  slotAt,
  UNBOUND,
} from "../schemas/presentation.ts";
import {Refused} from "../schemas/refusals.ts";
import {isSigned, nonceOf, tokenInput} from "../schemas/token.ts";
import {isSignedBy, keyFromPoint} from "../schemas/webcrypto.ts";
import type {SeenSet} from "./seen.ts";

const HOUR = 3600;

/**
 * ADMIT. `holder` is what the pass says about a birthday, `"03"`, `"03-17"` or null; `asksHint`
 * tells staff to compare an ID with it, as they must for a pass on `paper`.
 */
export interface Verdict {
  readonly status: string;
  readonly holder: Holder;
  readonly asksHint: boolean;
  readonly paper: boolean;
}

/**
 * A venue that shows a check-in code: its binding (16 bytes) for each hour since 1970.
 *
 * Where it is `strict`, only passes bound to it are admitted.
 */
export interface Venue {
  readonly bindings: ReadonlyMap<number, Bytes>;
  readonly strict: boolean;
}

/** What a code is judged by; `now` is in Unix seconds. */
export interface Door {
  readonly bundle: TrustBundle | null;
  readonly policy: VenuePolicy | undefined;
  readonly now: number;
  readonly venue?: Venue | undefined;
  readonly seen: SeenSet;
}

/**
 * Decide on the text of a code; throws Refused with a reason of the closed list.
 *
 * An admitted pass is added to `seen`, a refused one never.
 */
export async function verify(text: string, door: Door): Promise<Verdict> {
  const code = parse(text); // 1
  const bundle = checkBundle(door.bundle, door.now); // 2
  if ("unverifiedPass" in code) return verifyPaper(code, bundle, door);
  return verifyShown(code, bundle, door);
}

/** A phone's pass. */
async function verifyShown(
  presentation: Presentation,
  bundle: TrustBundle,
  door: Door,
): Promise<Verdict> {
  const {now, seen} = door;
  const key = findKey(presentation, bundle, now); // 3
  checkWindow(key.window, now); // 4
  const token = await checkSignature(presentation, key, bundle); // 5
  await checkProof(presentation, token, door.venue); // 6
  checkSlot(presentation.slot, now); // 7
  const fingerprint = await fingerprintOf(presentation.device);
  checkNotSeen(fingerprint, seen, now); // 8
  const {status, holder} = key;
  const policy = checkPolicy(status, door.policy); // 9
  checkNotSpecimen(bundle); // 10
  // From step 8 to here nothing waits, so of two readings of one pass only the first is admitted.
  seen.add(fingerprint, now);
  return {status, holder, asksHint: policy.asksHint && holder !== null, paper: false};
}

/**
 * A pass on paper proves nothing about who holds it, so the ID check is no venue's choice.
 *
 * Steps 6 to 8 ask for what paper cannot do, also where only bound proofs are admitted.
 */
async function verifyPaper(
  paper: UnverifiedPaper,
  bundle: TrustBundle,
  {policy, now}: Door,
): Promise<Verdict> {
  const {status, holder, window} = paper.unverifiedPass;
  const key = findPaperKey(paper, bundle); // 3
  checkWindow(window, now); // 4
  checkWindow(key, now); // 4
  await checkPaperSignature(paper, key, bundle); // 5
  checkPolicy(status, policy); // 9
  checkNotSpecimen(bundle); // 10
  return {status, holder, asksHint: true, paper: true};
}

/**
 * Step 1. Scanners end a line with CR, LF or both; nothing else is forgiven.
 *
 * A phone's code begins with its prefix, which has a letter that no JWT has.
 */
function parse(text: string): Presentation | UnverifiedPaper {
  const line = text.replace(/\r?\n$|\r$/, "");
  try {
    return line.startsWith(PREFIX) ? parsePresentation(line) : parsePaper(line);
  } catch {
    throw new Refused("not_a_pass");
  }
}

/** Step 2. The sunset goes before the expiry: past it no newer bundle will ever come. */
export function checkBundle(bundle: TrustBundle | null, now: number): TrustBundle {
  if (bundle === null) throw new Refused("no_bundle");
  if (now >= bundle.sunset) throw new Refused("sunset");
  if (now >= bundle.exp) throw new Refused("bundle_expired");
  if (now < bundle.iat - CLOCK_TOLERANCE) throw new Refused("clock_behind", bundle.iat - now);
  return bundle;
}

/**
 * Step 3. The bundle has no two ids, retired ones included, with the same first four bytes.
 *
 * A key that was withdrawn with a time ahead counts beside its replacement until then.
 */
function findKey({keyPrefix}: Presentation, bundle: TrustBundle, now: number): PassKey {
  const key = bundle.byPrefix.get(keyPrefix);
  if (key === undefined) throw new Refused("unknown_key");
  if (key === null || isRetired(bundle, keyPrefix, now)) throw new Refused("key_retired");
  return key;
}

/** Step 3. Only keys listed for paper are looked at, whatever else a text names. */
function findPaperKey(paper: UnverifiedPaper, bundle: TrustBundle): PaperKey {
  const key = bundle.paperByKid.get(paper.kid);
  if (key === undefined) throw new Refused("unknown_key");
  return key;
}

/**
 * Step 4. No tolerance: windows are long and the same for everyone.
 *
 * On paper both must be in force: a key that is over makes no old slip good, and none that claims
 * days to come.
 */
function checkWindow(window: Window, now: number): void {
  // A key's own times may be the wrong way round; the beginning is looked at first.
  if (now < window.nbf) throw new Refused("not_yet_valid");
  if (now >= window.exp) throw new Refused("expired");
}

/** Step 5: the token of 354 bytes. Its input is made here, so a holder can choose none of it. */
async function checkSignature(
  presentation: Presentation,
  key: PassKey,
  bundle: TrustBundle,
): Promise<Bytes> {
  const nonce = await nonceOf(presentation.device);
  const signed = tokenInput({nonce, challenge: bundle.challenge, keyId: key.id});
  if (!(await isSigned(key.modulus, presentation.signature, signed))) {
    throw new Refused("bad_signature");
  }
  return concat(signed, presentation.signature);
}

/** Step 5, `alg`, `typ` and `iss` included: they say whose signature it is, on what. */
async function checkPaperSignature(
  paper: UnverifiedPaper,
  key: PaperKey,
  bundle: TrustBundle,
): Promise<void> {
  const isOurs = paper.unverifiedPass.iss === bundle.iss;
  if (!isOurs || !(await isPaperSignedBy(paper, key))) throw new Refused("bad_signature");
}

/** Step 6. The point is checked here: its coordinates are signed, but blind, so unchecked. */
async function checkProof(
  presentation: Presentation,
  token: Bytes,
  venue: Venue | undefined,
): Promise<void> {
  const {device, slot, proof} = presentation;
  if (!hasLowS(proof)) throw new Refused("bad_proof");
  const key = await keyFromPoint(device.x, device.y);
  if (key === null) throw new Refused("bad_proof");
  const proves = async (binding: Bytes): Promise<boolean> =>
    isSignedBy(key, proof, await proofMessage(token, slot, binding));
  const binding = venue?.bindings.get(Math.floor((slot * SLOT_SECONDS) / HOUR));
  if (binding !== undefined && (await proves(binding))) return;
  if (!(await proves(UNBOUND))) throw new Refused("bad_proof");
  if (venue?.strict) throw new Refused("not_bound");
}

/** Step 7. The difference is named in whole slots, because a code tells no more than that. */
function checkSlot(slot: number, now: number): void {
  const ahead = slot - slotAt(now);
  if (ahead < -SLOT_TOLERANCE) throw new Refused("stale", -ahead * SLOT_SECONDS);
  if (ahead > SLOT_TOLERANCE) throw new Refused("from_the_future", ahead * SLOT_SECONDS);
}

/** Step 8. */
function checkNotSeen(fingerprint: string, seen: SeenSet, now: number): void {
  const seconds = seen.secondsSince(fingerprint, now);
  if (seconds !== null) throw new Refused("already_shown", seconds);
}

/** Step 9. No policy admits nobody. */
function checkPolicy(status: string, policy: VenuePolicy | undefined): VenuePolicy {
  if (!policy?.admit.includes(status)) throw new Refused("status_not_admitted");
  return policy;
}

/** Step 10. Last, so that SPECIMEN means that all else is right and staff can practise. */
function checkNotSpecimen(bundle: TrustBundle): void {
  if (bundle.specimen) throw new Refused("specimen");
}
