/**
 * What this device trusts: set up once, renewed while there is a network, never set back.
 *
 * It runs in a worker, so that a bundle of any size is judged beside the door and not in its way.
 */

import type {Clock} from "./clock.ts";
import {compareClock, fetchBundle, fetchDigest} from "./fetching.ts";
import {policyOf, type TrustBundle} from "./schemas/bundle.ts";
import {BundleRejected} from "./schemas/bundle-faults.ts";
import type {Bytes} from "./schemas/encoding.ts";
import {acceptBundle, pinned, readBundle} from "./schemas/trust.ts";
import {FORMAT, type Kept, read, remove, write} from "./storage.ts";
import {type Trouble, Troubled} from "./trouble.ts";

/** A device that is set up. `isKept` is false where the browser stores nothing. */
export interface Venue {
  readonly url: string | null;
  readonly policy: string | null;
  readonly root: string;
  readonly bundle: TrustBundle;
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
  #isKept = true;
  #inForce: {digest: string; bundle: TrustBundle} | null = null;

  /** What is stored, verified; null before the set-up. Throws Troubled when it is damaged. */
  open(): Promise<Venue | null> {
    return alone(async () => {
      const known = await this.#known();
      return known && this.#venue(known);
    });
  }

  /**
   * Pin a root and take its bundle, from `data` or from the network; throws Troubled.
   *
   * The same set-up again changes nothing and asks nobody; another root is refused.
   */
  async setUp(wanted: Wanted, data: Bytes | null, now: Clock): Promise<Venue> {
    const known = await alone(() => this.#known());
    if (known !== null && known.state.root !== wanted.root)
      throw new Troubled({kind: "other_root"});
    if (known !== null && data === null && known.url === wanted.url) {
      const same = await this.choose(wanted.policy ?? known.policy).catch(unlessDamaged);
      if (same !== null) return same;
    }
    const offered = data ?? (await fetchBundle(String(wanted.url)));
    return alone(async () => this.#accept(offered, await this.#known(), wanted, now));
  }

  /** Change the kind of venue; throws Troubled for one that the authority does not know. */
  choose(policy: string | null): Promise<Venue> {
    return alone(async () => {
      const known = await this.#known();
      if (known === null) throw new Troubled({kind: "failed"});
      const {bundle} = await this.#venue(known);
      if (policyOf(bundle, policy) === undefined) throw new Troubled({kind: "unknown_policy"});
      if (policy !== known.policy) await this.#keep({...known, policy});
      return this.#venue({...known, policy});
    });
  }

  /** Take a newer bundle from a file; throws Troubled. */
  load(data: Bytes, now: Clock): Promise<Venue> {
    return alone(async () => {
      const known = await this.#known();
      if (known === null) throw new Troubled({kind: "failed"});
      const {url, state} = known;
      return this.#accept(data, known, {url, root: state.root, policy: null}, now);
    });
  }

  /** Compare the clock and fetch the newest bundle; whatever fails, what was there stays. */
  async refresh(now: Clock): Promise<Refreshed> {
    const known = await alone(() => this.#known());
    if (!known?.url)
      return {venue: known && (await this.#venue(known)), ahead: null, trouble: null};
    const ahead = await compareClock(known.url, now);
    try {
      const isNewest = (await fetchDigest(known.url)) === known.state.digest;
      const venue = isNewest ? this.#venue(known) : this.load(await fetchBundle(known.url), now);
      return {venue: await venue, ahead, trouble: null};
    } catch (error) {
      if (!(error instanceof Troubled)) throw error;
      return {venue: await this.#venue(known), ahead, trouble: error.trouble};
    }
  }

  /** Remove the set-up and all that was stored with it. */
  forget(): Promise<null> {
    return alone(async () => {
      this.#memory = null;
      await this.#quietly(() => remove("venue"));
      await this.#quietly(() => remove("evidence"));
      return null;
    });
  }

  /** What is stored; what this page remembers when the browser has cleared it meanwhile. */
  async #known(): Promise<Kept | null> {
    const stored = await this.#quietly(() => read("venue"));
    if (stored?.format === FORMAT) this.#memory = stored;
    else if (this.#memory !== null) await this.#keep(this.#memory);
    return this.#memory;
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
    const kept: Kept = {format: FORMAT, url, policy, state, data};
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
        await this.#quietly(() => write("evidence", [known.data, data]));
      }
      throw new Troubled({kind: "fault", fault: error.fault});
    }
  }

  async #keep(kept: Kept): Promise<void> {
    this.#memory = kept;
    await this.#quietly(() => write("venue", kept));
  }

  async #venue(kept: Kept): Promise<Venue> {
    const {url, policy, state, data} = kept;
    if (this.#inForce?.digest !== state.digest) {
      this.#inForce = {digest: state.digest, bundle: await readStored(data, state)};
    }
    return {url, policy, root: state.root, bundle: this.#inForce.bundle, isKept: this.#isKept};
  }

  /** A browser that stores nothing still lets a door be kept while the page is open. */
  async #quietly<T>(task: () => Promise<T>): Promise<T | undefined> {
    try {
      const result = await task();
      this.#isKept = true;
      return result;
    } catch {
      this.#isKept = false;
      return undefined;
    }
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

/** A damaged bundle is fetched again. */
function unlessDamaged(error: unknown): null {
  if (error instanceof Troubled && error.trouble.kind === "damaged") return null;
  throw error;
}

/** One change at a time over all tabs of this browser. */
function alone<T>(task: () => Promise<T>): Promise<T> {
  return navigator.locks.request("qupia-trust", task) as Promise<T>;
}
