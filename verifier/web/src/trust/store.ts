/**
 * What this device trusts: set up once, renewed while there is a network, never set back.
 *
 * It runs in a worker, so that no visitor waits while a bundle is verified.
 */

import type {Clock} from "../browser/clock.ts";
import {alone, read, remove, write} from "../browser/storage.ts";
import {DeviceFailed, type DeviceFault, isClockWrong} from "../faults.ts";
import {policyOf, type TrustBundle} from "../schemas/bundle.ts";
import {BundleRejected} from "../schemas/bundle-faults.ts";
import {type Bytes, isSame} from "../schemas/encoding.ts";
import {leadsTo} from "../schemas/root-statements.ts";
import {
  type Accepted,
  acceptBundle,
  bundleDigest,
  missingLeaves,
  pinned,
  readBundle,
  type TrustState,
  type TrustWarning,
  type VerifiedBundle,
} from "../schemas/trust.ts";
import {keepEvidence} from "./evidence.ts";
import {
  type CheckInSetting,
  FORMAT,
  isTrustRecord,
  settingIn,
  type TrustRecord,
} from "./settings.ts";
import {compareClock, fetchBundle, fetchDigest, fetchLeaves} from "./update.ts";

/**
 * A device that is set up. `digest` names the bundle; `isStored` is false where the browser stores
 * nothing.
 */
export interface Device {
  readonly url: string | null;
  readonly policy: string | null;
  readonly anchor: string;
  readonly digest: string;
  readonly bundle: TrustBundle;
  readonly warnings: readonly TrustWarning[];
  readonly checkIn: CheckInSetting;
  readonly isStored: boolean;
  /** Whether it is not stored because there is no room. */
  readonly isFull: boolean;
}

/** `url` null: from a file; `policy` null: as before, or the bundle's first. */
export interface SetupRequest {
  readonly url: string | null;
  readonly anchor: string;
  readonly policy: string | null;
}

/** How an update went; `ahead` is in seconds, null when the clock was not compared. */
export interface Updated {
  readonly device: Device | null;
  readonly ahead: number | null;
  readonly fault: DeviceFault | null;
}

export class TrustStore {
  #memory: TrustRecord | null = null;
  /** Whether the memory is stored, too. */
  #isStored = true;
  #isFull = false;
  #isDamaged = false;
  #inForce: VerifiedBundle | null = null;

  /** What is stored, verified; null before the set-up. Throws DeviceFailed when it is damaged. */
  open(): Promise<Device | null> {
    return alone("trust", async () => {
      const known = await this.#known();
      if (known === null && this.#isDamaged) throw new DeviceFailed({kind: "damaged"});
      return known && this.#device(known);
    });
  }

  /**
   * Pin an anchor and take its bundle, from `data` or from the network; throws DeviceFailed.
   *
   * The same set-up again changes nothing and asks nobody; another anchor is refused.
   */
  async setUp(request: SetupRequest, data: Bytes | null, now: Clock): Promise<Device> {
    const known = await alone("trust", () => this.#knownUnder(request.anchor));
    if (known !== null && data === null && known.url === request.url) {
      return this.choosePolicy(request.policy ?? known.policy);
    }
    const offered = await withLeaves(data ?? (await fetchBundle(String(request.url))), known);
    const taken = alone("trust", async () => {
      return this.#putInForce(offered, await this.#knownUnder(request.anchor), request, now);
    });
    return taken.catch((error) => blameClock(error, request.url, now));
  }

  /** Change the kind of venue; throws DeviceFailed for one that the authority does not know. */
  choosePolicy(policy: string | null): Promise<Device> {
    return this.#change(async (known) => {
      const {bundle} = await this.#device(known);
      if (policyOf(bundle, policy) === undefined) throw new DeviceFailed({kind: "unknown_policy"});
      if (policy !== known.policy) await this.#store({...known, policy});
      return this.#device({...known, policy});
    });
  }

  /** Change what visitors are shown to check in with. */
  chooseCheckIn(checkIn: CheckInSetting): Promise<Device> {
    return this.#change(async (known) => {
      await this.#store({...known, checkIn});
      return this.#device({...known, checkIn});
    });
  }

  /** When the authority's system ends, Unix seconds; null before the set-up. */
  async sunset(): Promise<number | null> {
    const known = await alone("trust", () => this.#known());
    return known?.state.sunset ?? null;
  }

  /** Take a newer bundle from a file; throws DeviceFailed. */
  async accept(data: Bytes, now: Clock): Promise<Device> {
    const offered = await withLeaves(data, await alone("trust", () => this.#known()));
    return this.#change(async (known) => {
      const {url, state} = known;
      return this.#putInForce(offered, known, {url, anchor: state.anchor, policy: null}, now);
    });
  }

  /** A person has read what was to be told of the bundle in force. */
  forgetWarnings(): Promise<Device> {
    return this.#change(async (known) => {
      const record = {...known, state: {...known.state, logReplaced: false}, warnings: []};
      await this.#store(record);
      return this.#device(record);
    });
  }

  /** Throws DeviceFailed before the set-up. */
  #change(change: (known: TrustRecord) => Promise<Device>): Promise<Device> {
    return alone("trust", async () => {
      const known = await this.#known();
      if (known === null) throw new DeviceFailed({kind: "failed"});
      return change(known);
    });
  }

  /** Compare the clock and fetch the newest bundle; whatever fails, what was there stays. */
  async update(now: Clock): Promise<Updated> {
    const known = await alone("trust", () => this.#known());
    if (!known?.url) return {device: await this.open(), ahead: null, fault: null};
    const ahead = await compareClock(known.url, now);
    const fault = await this.#fetchNewer(known, known.url, now).then(() => null, foreseen);
    // Read anew: it may have been changed or removed while the network was slow.
    return {device: await this.open(), ahead, fault};
  }

  async #fetchNewer(known: TrustRecord, url: string, now: Clock): Promise<void> {
    if ((await fetchDigest(url)) === (await bundleDigest(known.data))) return;
    const offered = await withLeaves(await fetchBundle(url), known);
    await alone("trust", async () => {
      const current = await this.#known();
      // What was asked for has no place any more when something else was put there meanwhile.
      if (current?.state.digest !== known.state.digest || current.url !== url) return;
      const {anchor} = current.state;
      await this.#putInForce(offered, current, {url, anchor, policy: null}, now);
    });
  }

  /** Remove the set-up and all that was stored with it; `destroySeeds` does so with the seeds. */
  remove(destroySeeds: () => Promise<void>): Promise<null> {
    return alone("trust", async () => {
      this.#memory = null;
      await remove("venue").catch(() => undefined);
      await remove("evidence").catch(() => undefined);
      // Last, since seeds are made only where there is a set-up.
      await destroySeeds().catch(() => undefined);
      return null;
    });
  }

  /**
   * What is stored; what this page remembers when the browser has cleared it meanwhile.
   *
   * What could not be stored before is tried again, unless another tab has stored something newer.
   */
  async #known(): Promise<TrustRecord | null> {
    const stored = await read("venue").catch(() => undefined);
    this.#isDamaged = stored !== undefined && !isTrustRecord(stored);
    if (isTrustRecord(stored) && !this.#isAheadOf(stored)) {
      this.#memory = stored;
      this.#isStored = true;
    } else if (this.#memory !== null) await this.#store(this.#memory);
    return this.#memory;
  }

  #isAheadOf({state}: TrustRecord): boolean {
    if (this.#isStored || this.#memory === null) return false;
    const {rootVersion, version} = this.#memory.state;
    if (state.rootVersion !== rootVersion) return state.rootVersion < rootVersion;
    return state.version <= version;
  }

  /**
   * What is known under the anchor of a set-up; throws DeviceFailed where it is another's. A newer
   * anchor of the same authority, which the pinned one leads to, changes nothing.
   *
   * What is damaged counts as nothing: it must not keep a device from being set up.
   */
  async #knownUnder(anchor: string): Promise<TrustRecord | null> {
    const known = await this.#known();
    const held = known && (await this.#verified(known).catch(unlessDamaged));
    if (held === null) return null;
    if (!leadsTo(held.chain, anchor)) throw new DeviceFailed({kind: "other_root"});
    return known;
  }

  async #putInForce(
    offered: Offered,
    known: TrustRecord | null,
    request: SetupRequest,
    now: Clock,
  ): Promise<Device> {
    const {found, state, warnings} = await this.#judge(offered, known, request.anchor, now());
    const policy = request.policy ?? known?.policy ?? null;
    // A kind of venue that the authority has dropped admits nobody, but is no reason to stay old.
    if (request.policy !== null && policyOf(found.bundle, policy) === undefined) {
      throw new DeviceFailed({kind: "unknown_policy"});
    }
    const url = request.url ?? known?.url ?? null;
    const checkIn = settingIn(known?.checkIn);
    const {data} = found;
    const record: TrustRecord = {format: FORMAT, url, policy, state, data, warnings, checkIn};
    this.#inForce = found;
    await this.#store(record);
    return this.#device(record);
  }

  /** A bundle held that is damaged counts as lost; two that contradict each other are evidence. */
  async #judge(
    {data, leaves}: Offered,
    known: TrustRecord | null,
    anchor: string,
    now: number,
  ): Promise<Accepted> {
    const held = known && (await this.#verified(known).catch(unlessDamaged));
    try {
      const accepted = await acceptBundle(data, known?.state ?? pinned(anchor), held, now, leaves);
      // What was told of the bundle in force holds as long as it is in force.
      return accepted.found === held && known ? {...accepted, warnings: known.warnings} : accepted;
    } catch (error) {
      if (!(error instanceof BundleRejected)) throw error;
      if (known !== null) await keepEvidence(error, known.data, data);
      throw new DeviceFailed({kind: "bundle", fault: error.fault, odd: error.odd});
    }
  }

  /** Where the browser stores nothing, passes can be checked as long as the page is open. */
  async #store(record: TrustRecord): Promise<void> {
    this.#memory = record;
    const error: unknown = await write("venue", record).then(
      () => null,
      (reason) => reason,
    );
    this.#isStored = error === null;
    this.#isFull = error instanceof DOMException && error.name === "QuotaExceededError";
  }

  async #device(record: TrustRecord): Promise<Device> {
    const {url, policy, warnings} = record;
    const {anchor, digest} = record.state;
    const {bundle} = await this.#verified(record);
    const checkIn = settingIn(record.checkIn);
    return {
      url,
      policy,
      anchor,
      digest,
      bundle,
      warnings,
      checkIn,
      isStored: this.#isStored,
      isFull: this.#isFull,
    };
  }

  /** The bundle of a record; it is read anew where its proof has been renewed, too. */
  async #verified({data, state}: TrustRecord): Promise<VerifiedBundle> {
    if (this.#inForce === null || !isSame(this.#inForce.data, data)) {
      this.#inForce = await readStored(data, state);
    }
    return this.#inForce;
  }
}

/** A bundle, and the leaf hashes of the whole log where they are needed to compare it. */
interface Offered {
  readonly data: Bytes;
  readonly leaves: readonly Bytes[] | null;
}

/** A device that was away for long asks for what the proof does not tell. */
async function withLeaves(data: Bytes, known: TrustRecord | null): Promise<Offered> {
  const missing = known && missingLeaves(data, known.state);
  if (!known?.url || !missing) return {data, leaves: null};
  return {data, leaves: await fetchLeaves(known.url, missing)};
}

async function readStored(data: Bytes, state: TrustState): Promise<VerifiedBundle> {
  try {
    const found = await readBundle(data, state.anchor);
    if (found.digest === state.digest) return found;
  } catch (error) {
    if (!(error instanceof BundleRejected)) throw error;
  }
  throw new DeviceFailed({kind: "damaged"});
}

/** Throws the error, or that a clock which is ahead lets a bundle look expired. */
async function blameClock(error: unknown, url: string | null, now: Clock): Promise<never> {
  const isExpired =
    error instanceof DeviceFailed &&
    error.fault.kind === "bundle" &&
    error.fault.fault === "expired";
  const ahead = isExpired && url !== null ? ((await compareClock(url, now)) ?? 0) : 0;
  if (ahead > 0 && isClockWrong(ahead)) throw new DeviceFailed({kind: "wrong_clock", ahead});
  throw error;
}

function foreseen(error: unknown): DeviceFault {
  if (error instanceof DeviceFailed) return error.fault;
  throw error;
}

function unlessDamaged(error: unknown): null {
  if (error instanceof DeviceFailed && error.fault.kind === "damaged") return null;
  throw error;
}
