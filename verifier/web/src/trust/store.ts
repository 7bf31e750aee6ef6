/**
 * What this device trusts: set up once, renewed while there is a network, never set back.
 *
 * It runs in a worker, so that no visitor waits while a bundle is verified.
 */

import type {Clock} from "../browser/clock.ts";
import {alone, read, remove, write} from "../browser/storage.ts";
import {DeviceFailed, type DeviceFault} from "../faults.ts";
import {policyOf, type TrustBundle} from "../schemas/bundle.ts";
import {BundleRejected} from "../schemas/bundle-faults.ts";
import type {Bytes} from "../schemas/encoding.ts";
import {acceptBundle, pinned, readBundle} from "../schemas/trust.ts";
import {
  type CheckInSetting,
  FORMAT,
  isTrustRecord,
  settingIn,
  type TrustRecord,
} from "./settings.ts";
import {compareClock, fetchBundle, fetchDigest} from "./update.ts";

/**
 * A device that is set up. `digest` names the bundle; `isStored` is false where the browser stores
 * nothing.
 */
export interface Device {
  readonly url: string | null;
  readonly policy: string | null;
  readonly root: string;
  readonly digest: string;
  readonly bundle: TrustBundle;
  readonly checkIn: CheckInSetting;
  readonly isStored: boolean;
}

/** `url` null: from a file; `policy` null: as before, or the bundle's first. */
export interface SetupRequest {
  readonly url: string | null;
  readonly root: string;
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
  #isDamaged = false;
  #inForce: {digest: string; bundle: TrustBundle} | null = null;

  /** What is stored, verified; null before the set-up. Throws DeviceFailed when it is damaged. */
  open(): Promise<Device | null> {
    return alone("trust", async () => {
      const known = await this.#known();
      if (known === null && this.#isDamaged) throw new DeviceFailed({kind: "damaged"});
      return known && this.#device(known);
    });
  }

  /**
   * Pin a root and take its bundle, from `data` or from the network; throws DeviceFailed.
   *
   * The same set-up again changes nothing and asks nobody; another root is refused.
   */
  async setUp(request: SetupRequest, data: Bytes | null, now: Clock): Promise<Device> {
    const known = await alone("trust", () => this.#knownUnder(request.root));
    if (known !== null && data === null && known.url === request.url) {
      return this.choosePolicy(request.policy ?? known.policy);
    }
    const offered = data ?? (await fetchBundle(String(request.url)));
    return alone("trust", async () => {
      return this.#putInForce(offered, await this.#knownUnder(request.root), request, now);
    });
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
  accept(data: Bytes, now: Clock): Promise<Device> {
    return this.#change(async (known) => {
      const {url, state} = known;
      return this.#putInForce(data, known, {url, root: state.root, policy: null}, now);
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
    if ((await fetchDigest(url)) === known.state.digest) return;
    const data = await fetchBundle(url);
    await alone("trust", async () => {
      const current = await this.#known();
      // What was asked for has no place any more when something else was put there meanwhile.
      if (current?.state.digest !== known.state.digest || current.url !== url) return;
      await this.#putInForce(data, current, {url, root: current.state.root, policy: null}, now);
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
   * What is known under the root of a set-up; throws DeviceFailed where it is another root's.
   *
   * What is damaged counts as nothing: it must not keep a device from being set up.
   */
  async #knownUnder(root: string): Promise<TrustRecord | null> {
    const known = await this.#known();
    if (known === null || (await this.#device(known).catch(unlessDamaged)) === null) return null;
    if (known.state.root !== root) throw new DeviceFailed({kind: "other_root"});
    return known;
  }

  async #putInForce(
    data: Bytes,
    known: TrustRecord | null,
    request: SetupRequest,
    now: Clock,
  ): Promise<Device> {
    const before = known?.state ?? pinned(request.root);
    const {bundle, state} = await this.#judge(data, before, known, now());
    const policy = request.policy ?? known?.policy ?? null;
    // A kind of venue that the authority has dropped admits nobody, but is no reason to stay old.
    if (request.policy !== null && policyOf(bundle, policy) === undefined) {
      throw new DeviceFailed({kind: "unknown_policy"});
    }
    const url = request.url ?? known?.url ?? null;
    const checkIn = settingIn(known?.checkIn);
    const record: TrustRecord = {format: FORMAT, url, policy, state, data, checkIn};
    this.#inForce = {digest: state.digest, bundle};
    await this.#store(record);
    return this.#device(record);
  }

  async #judge(data: Bytes, state: TrustRecord["state"], known: TrustRecord | null, now: number) {
    try {
      return await acceptBundle(data, state, now);
    } catch (error) {
      if (!(error instanceof BundleRejected)) throw error;
      if (error.fault === "split_view" && known !== null) {
        await write("evidence", [known.data, data]).catch(() => undefined);
      }
      throw new DeviceFailed({kind: "bundle", fault: error.fault});
    }
  }

  /** Where the browser stores nothing, passes can be checked as long as the page is open. */
  async #store(record: TrustRecord): Promise<void> {
    this.#memory = record;
    this.#isStored = await write("venue", record).then(
      () => true,
      () => false,
    );
  }

  async #device(record: TrustRecord): Promise<Device> {
    const {url, policy, state, data} = record;
    if (this.#inForce?.digest !== state.digest) {
      this.#inForce = {digest: state.digest, bundle: await readStored(data, state)};
    }
    const {root, digest} = state;
    const {bundle} = this.#inForce;
    const checkIn = settingIn(record.checkIn);
    return {url, policy, root, digest, bundle, checkIn, isStored: this.#isStored};
  }
}

async function readStored(data: Bytes, state: TrustRecord["state"]): Promise<TrustBundle> {
  try {
    const {bundle, digest} = await readBundle(data, state.root);
    if (digest === state.digest) return bundle;
  } catch (error) {
    if (!(error instanceof BundleRejected)) throw error;
  }
  throw new DeviceFailed({kind: "damaged"});
}

function foreseen(error: unknown): DeviceFault {
  if (error instanceof DeviceFailed) return error.fault;
  throw error;
}

function unlessDamaged(error: unknown): null {
  if (error instanceof DeviceFailed && error.fault.kind === "damaged") return null;
  throw error;
}
