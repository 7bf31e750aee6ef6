/**
 * What this device trusts: set up once, renewed while there is a network, never set back.
 *
 * It runs in a worker, so that a bundle of any size is judged beside the door and not in its way.
 */

import {type CheckInSetting, settingIn} from "./check-in-setting.ts";
import type {Clock} from "./clock.ts";
import {compareClock, fetchBundle, fetchDigest} from "./fetching.ts";
import {policyOf, type TrustBundle} from "./schemas/bundle.ts";
import {BundleRejected} from "./schemas/bundle-faults.ts";
import type {Bytes} from "./schemas/encoding.ts";
import {acceptBundle, pinned, readBundle} from "./schemas/trust.ts";
import {destroyEndedSeeds, destroySeeds} from "./seeds.ts";
import {alone, FORMAT, isKept, type Kept, read, remove, write} from "./storage.ts";
import {type Trouble, Troubled} from "./trouble.ts";

/**
 * A device that is set up. `digest` names the bundle; `isKept` is false where the browser stores
 * nothing.
 */
export interface Venue {
  readonly url: string | null;
  readonly policy: string | null;
  readonly root: string;
  readonly digest: string;
  readonly bundle: TrustBundle;
  readonly checkIn: CheckInSetting;
  readonly isKept: boolean;
}

/** `url` null: from a file; `policy` null: as before, or the bundle's first. */
export interface Wanted {
  readonly url: string | null;
  readonly root: string;
  readonly policy: string | null;
}

/** How an update went; `ahead` is in seconds, null when the clock was not compared. */
export interface Refreshed {
  readonly venue: Venue | null;
  readonly ahead: number | null;
  readonly trouble: Trouble | null;
}

export class Keeper {
  #memory: Kept | null = null;
  /** Whether the memory is stored, too. */
  #isKept = true;
  #isDamaged = false;
  #inForce: {digest: string; bundle: TrustBundle} | null = null;

  /** What is stored, verified; null before the set-up. Throws Troubled when it is damaged. */
  open(): Promise<Venue | null> {
    return alone("trust", async () => {
      const known = await this.#known();
      if (known === null && this.#isDamaged) throw new Troubled({kind: "damaged"});
      return known && this.#venue(known);
    });
  }

  /**
   * Pin a root and take its bundle, from `data` or from the network; throws Troubled.
   *
   * The same set-up again changes nothing and asks nobody; another root is refused.
   */
  async setUp(wanted: Wanted, data: Bytes | null, now: Clock): Promise<Venue> {
    const known = await alone("trust", () => this.#knownUnder(wanted.root));
    if (known !== null && data === null && known.url === wanted.url) {
      return this.choose(wanted.policy ?? known.policy);
    }
    const offered = data ?? (await fetchBundle(String(wanted.url)));
    return alone("trust", async () => {
      return this.#accept(offered, await this.#knownUnder(wanted.root), wanted, now);
    });
  }

  /** Change the kind of venue; throws Troubled for one that the authority does not know. */
  choose(policy: string | null): Promise<Venue> {
    return alone("trust", async () => {
      const known = await this.#known();
      if (known === null) throw new Troubled({kind: "failed"});
      const {bundle} = await this.#venue(known);
      if (policyOf(bundle, policy) === undefined) throw new Troubled({kind: "unknown_policy"});
      if (policy !== known.policy) await this.#keep({...known, policy});
      return this.#venue({...known, policy});
    });
  }

  /** Change what visitors are shown to check in with. */
  showCode(checkIn: CheckInSetting): Promise<Venue> {
    return alone("trust", async () => {
      const known = await this.#known();
      if (known === null) throw new Troubled({kind: "failed"});
      await this.#keep({...known, checkIn});
      return this.#venue({...known, checkIn});
    });
  }

  /**
   * Destroy the seeds of check-in codes whose time is over; the dates that have one still.
   *
   * At the sunset all go: the authority has none either then, and nobody can open an hour alone.
   */
  async purge(now: number): Promise<string[]> {
    const dates = await destroyEndedSeeds(now);
    const known = await alone("trust", () => this.#known());
    const sunset = known?.state.sunset ?? null;
    if (sunset === null || now < sunset) return dates;
    await destroySeeds();
    return [];
  }

  /** Take a newer bundle from a file; throws Troubled. */
  load(data: Bytes, now: Clock): Promise<Venue> {
    return alone("trust", async () => {
      const known = await this.#known();
      if (known === null) throw new Troubled({kind: "failed"});
      const {url, state} = known;
      return this.#accept(data, known, {url, root: state.root, policy: null}, now);
    });
  }

  /** Compare the clock and fetch the newest bundle; whatever fails, what was there stays. */
  async refresh(now: Clock): Promise<Refreshed> {
    const known = await alone("trust", () => this.#known());
    if (!known?.url) return {venue: await this.open(), ahead: null, trouble: null};
    const ahead = await compareClock(known.url, now);
    const trouble = await this.#renew(known, known.url, now).then(() => null, troubleOf);
    // Read anew: it may have been changed or removed while the network was slow.
    return {venue: await this.open(), ahead, trouble};
  }

  async #renew(known: Kept, url: string, now: Clock): Promise<void> {
    if ((await fetchDigest(url)) === known.state.digest) return;
    const data = await fetchBundle(url);
    await alone("trust", async () => {
      const current = await this.#known();
      // What was asked for has no place any more when something else was put there meanwhile.
      if (current?.state.digest !== known.state.digest || current.url !== url) return;
      await this.#accept(data, current, {url, root: current.state.root, policy: null}, now);
    });
  }

  /** Remove the set-up and all that was stored with it. */
  forget(): Promise<null> {
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
  async #known(): Promise<Kept | null> {
    const stored = await read("venue").catch(() => undefined);
    this.#isDamaged = stored !== undefined && !isKept(stored);
    if (isKept(stored) && !this.#isAheadOf(stored)) {
      this.#memory = stored;
      this.#isKept = true;
    } else if (this.#memory !== null) await this.#keep(this.#memory);
    return this.#memory;
  }

  #isAheadOf({state}: Kept): boolean {
    if (this.#isKept || this.#memory === null) return false;
    const {rootVersion, version} = this.#memory.state;
    if (state.rootVersion !== rootVersion) return state.rootVersion < rootVersion;
    return state.version <= version;
  }

  /**
   * What is known under the root of a set-up; throws Troubled where it is another root's.
   *
   * What is damaged counts as nothing: it must not keep a device from being set up.
   */
  async #knownUnder(root: string): Promise<Kept | null> {
    const known = await this.#known();
    if (known === null || (await this.#venue(known).catch(unlessDamaged)) === null) return null;
    if (known.state.root !== root) throw new Troubled({kind: "other_root"});
    return known;
  }

  async #accept(data: Bytes, known: Kept | null, wanted: Wanted, now: Clock): Promise<Venue> {
    const before = known?.state ?? pinned(wanted.root);
    const {bundle, state} = await this.#judge(data, before, known, now());
    const policy = wanted.policy ?? known?.policy ?? null;
    // A kind of venue that the authority has dropped admits nobody, but is no reason to stay old.
    if (wanted.policy !== null && policyOf(bundle, policy) === undefined) {
      throw new Troubled({kind: "unknown_policy"});
    }
    const url = wanted.url ?? known?.url ?? null;
    const kept: Kept = {
      format: FORMAT,
      url,
      policy,
      state,
      data,
      checkIn: settingIn(known?.checkIn),
    };
    this.#inForce = {digest: state.digest, bundle};
    await this.#keep(kept);
    return this.#venue(kept);
  }

  async #judge(data: Bytes, state: Kept["state"], known: Kept | null, now: number) {
    try {
      return await acceptBundle(data, state, now);
    } catch (error) {
      if (!(error instanceof BundleRejected)) throw error;
      if (error.fault === "split_view" && known !== null) {
        await write("evidence", [known.data, data]).catch(() => undefined);
      }
      throw new Troubled({kind: "fault", fault: error.fault});
    }
  }

  /** A browser that stores nothing still lets a door be kept while the page is open. */
  async #keep(kept: Kept): Promise<void> {
    this.#memory = kept;
    this.#isKept = await write("venue", kept).then(
      () => true,
      () => false,
    );
  }

  async #venue(kept: Kept): Promise<Venue> {
    const {url, policy, state, data} = kept;
    if (this.#inForce?.digest !== state.digest) {
      this.#inForce = {digest: state.digest, bundle: await readStored(data, state)};
    }
    const {root, digest} = state;
    const {bundle} = this.#inForce;
    const checkIn = settingIn(kept.checkIn);
    return {url, policy, root, digest, bundle, checkIn, isKept: this.#isKept};
  }
}

async function readStored(data: Bytes, state: Kept["state"]): Promise<TrustBundle> {
  try {
    const {bundle, digest} = await readBundle(data, state.root);
    if (digest === state.digest) return bundle;
  } catch (error) {
    if (!(error instanceof BundleRejected)) throw error;
  }
  throw new Troubled({kind: "damaged"});
}

function troubleOf(error: unknown): Trouble {
  if (error instanceof Troubled) return error.trouble;
  throw error;
}

function unlessDamaged(error: unknown): null {
  if (error instanceof Troubled && error.trouble.kind === "damaged") return null;
  throw error;
}
