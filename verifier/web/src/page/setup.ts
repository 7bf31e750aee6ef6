/** The set-up of this device: what it trusts at this moment, and every change of that. */

import {now} from "../browser/clock.ts";
import {type DeviceFault, faultOf} from "../faults.ts";
import type {Bytes} from "../schemas/encoding.ts";
import type {Language} from "../schemas/languages.ts";
import {say} from "../texts.ts";
import type {Device, SetupRequest, Updated} from "../trust/store.ts";
import type {Alert} from "../ui/alert.ts";
import {show} from "../ui/elements.ts";
import {Thread} from "../workers/thread.ts";
import type {Change, Question, Task} from "../workers/trust.worker.ts";
import {tellTabs} from "./events.ts";

const RETRY_MS = 300_000;

/** A page that nobody sees asks no sooner again, whatever happens to its network and clock. */
const HIDDEN_MS = 3_600_000;

/** What is known of this device; `device` is null before the set-up. */
export interface Known {
  readonly device: Device | null;
  /** Seconds by which the clock is ahead of the authority's; null when never compared. */
  readonly ahead: number | null;
  /** Why the last update failed. */
  readonly fault: DeviceFault | null;
}

const NOTHING: Known = {device: null, ahead: null, fault: null};

function startStore(): Thread<Question> {
  return new Thread<Question>(
    new Worker(new URL("../workers/trust.worker.ts", import.meta.url), {type: "module"}),
  );
}

export class DeviceSetup {
  #known: Known = NOTHING;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #store = startStore();
  #askedAt = Number.NEGATIVE_INFINITY;
  #isLate = false;
  readonly #alert: Alert;
  readonly #language: () => Language;
  readonly #onChange: () => void;

  /** `onChange` is called when something is known anew. */
  constructor(alert: Alert, language: () => Language, onChange: () => void) {
    this.#alert = alert;
    this.#language = language;
    this.#onChange = onChange;
  }

  get known(): Known {
    return this.#known;
  }

  get device(): Device | null {
    return this.#known.device;
  }

  /** Read what is stored. */
  async open(): Promise<void> {
    try {
      this.#know({device: await this.#ask<Device | null>({kind: "open"})});
    } catch (error) {
      this.#alert.explain(error);
    }
  }

  async setUp(request: SetupRequest, data: Bytes | null): Promise<Device | null> {
    this.#alert.clear();
    show("busy", say("getting_keys", this.#language()));
    const device = await this.change({kind: "set_up", request, data});
    show("busy", null);
    // Browsers may clear what a page has stored unless it asks them not to.
    if (device !== null) void navigator.storage?.persist?.();
    return device;
  }

  /** Resolves to null when it failed and the reason is on the page. */
  async change(change: Change): Promise<Device | null> {
    try {
      this.#know({device: await this.#ask<Device>(change)});
      tellTabs("changed");
      this.#alert.clear();
      this.#onChange();
      return this.device;
    } catch (error) {
      this.#alert.explain(error);
      return null;
    }
  }

  /** Fetch the newest bundle and compare the clock; resolves to why it failed, if it did. */
  async update(): Promise<DeviceFault | null> {
    const before = this.device?.digest;
    if (before === undefined) return null;
    if (document.hidden && performance.now() - this.#askedAt < HIDDEN_MS) {
      this.#isLate = true;
      return this.#known.fault;
    }
    this.#askedAt = performance.now();
    this.#isLate = false;
    try {
      const {device, ahead, fault} = await this.#update();
      // The set-up may have been removed while the network was slow.
      if (device === null || this.device === null) return null;
      this.#know({device, ahead: ahead ?? this.#known.ahead, fault});
      if (device.digest !== before) tellTabs("changed");
    } catch (error) {
      this.#know({fault: faultOf(error)});
    }
    clearTimeout(this.#retry);
    // A network may be gone without the browser's knowing, and so it may return.
    if (this.#known.fault?.kind === "unreachable") {
      this.#retry = setTimeout(() => void this.update(), RETRY_MS);
    }
    this.#onChange();
    return this.#known.fault;
  }

  /** Update where that was put off while nobody saw the page. */
  async updateLate(): Promise<void> {
    if (this.#isLate) await this.update();
  }

  async #update(): Promise<Updated> {
    const updated = await this.#ask<Updated>({kind: "update"});
    if (updated.fault?.kind !== "unreachable" || !(await this.#renewStore())) return updated;
    return this.#ask<Updated>({kind: "update"});
  }

  /**
   * Whether the thread was started anew, because its requests may lead nowhere.
   *
   * When a browser clears what this page has stored, its service worker goes too, and threads that
   * were under it reach nothing any more. The thread that runs stays where no other one starts.
   */
  async #renewStore(): Promise<boolean> {
    if (navigator.serviceWorker?.controller !== null || !this.device?.isStored) return false;
    const store = startStore();
    const starts = await store.ask<Device | null>({kind: "open", now: now()}).catch(() => null);
    if (starts === null) {
      store.end();
      return false;
    }
    this.#store.end();
    this.#store = store;
    return true;
  }

  async remove(): Promise<void> {
    await this.#ask({kind: "remove"});
    this.#known = NOTHING;
  }

  /** Destroy the seeds of check-in codes whose time is over; the dates that have one still. */
  sweep(): Promise<string[]> {
    return this.#ask<string[]>({kind: "sweep"}).catch(() => []);
  }

  /** The clock was set, so what is known about it counts no more. */
  forgetClock(): void {
    this.#know({ahead: null});
  }

  #know(known: Partial<Known>): void {
    this.#known = {...this.#known, ...known};
  }

  #ask<Answer>(task: Task): Promise<Answer> {
    return this.#store.ask({...task, now: now()});
  }
}
