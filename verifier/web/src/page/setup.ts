/** The set-up of this device: what it trusts at this moment, and every change of that. */

import {type DeviceFault, faultOf} from "../faults.ts";
import type {Bytes} from "../schemas/encoding.ts";
import type {Language} from "../schemas/languages.ts";
import {say} from "../texts.ts";
import type {CheckInSetting} from "../trust/settings.ts";
import type {Device, SetupRequest} from "../trust/store.ts";
import type {Alert} from "../ui/alert.ts";
import {show} from "../ui/elements.ts";
import {TrustThread} from "../workers/trust.ts";

const RETRY_MS = 300_000;

export interface DeviceSetupUses {
  readonly language: () => Language;
  /** There is something new to show. */
  readonly onChange: () => void;
  /** Other tabs must read anew what is stored. */
  readonly onNewTrust: () => void;
}

export class DeviceSetup {
  #device: Device | null = null;
  #ahead: number | null = null;
  #fault: DeviceFault | null = null;
  #retry: ReturnType<typeof setTimeout> | undefined;
  readonly #trust = new TrustThread();
  readonly #alert: Alert;
  readonly #uses: DeviceSetupUses;

  constructor(alert: Alert, uses: DeviceSetupUses) {
    this.#alert = alert;
    this.#uses = uses;
  }

  /** Null before the set-up. */
  get device(): Device | null {
    return this.#device;
  }

  /** Seconds by which the clock is ahead of the authority's; null when never compared. */
  get ahead(): number | null {
    return this.#ahead;
  }

  /** Why the last update failed. */
  get fault(): DeviceFault | null {
    return this.#fault;
  }

  /** Read what is stored. */
  async open(): Promise<void> {
    try {
      this.#device = await this.#trust.open();
    } catch (error) {
      this.#alert.explain(error);
    }
  }

  /** All changes resolve to null when they fail, and the reason is on the page. */
  async setUp(request: SetupRequest, data: Bytes | null): Promise<Device | null> {
    this.#alert.clear();
    show("busy", say("getting_keys", this.#uses.language()));
    const device = await this.#change(this.#trust.setUp(request, data));
    show("busy", null);
    // Browsers may clear what a page has stored unless it asks them not to.
    if (device !== null) void navigator.storage?.persist?.();
    return device;
  }

  choosePolicy(policy: string): Promise<Device | null> {
    return this.#change(this.#trust.choosePolicy(policy));
  }

  chooseCheckIn(setting: CheckInSetting): Promise<Device | null> {
    return this.#change(this.#trust.chooseCheckIn(setting));
  }

  /** Take a newer bundle from a file. */
  accept(data: Bytes): Promise<Device | null> {
    return this.#change(this.#trust.accept(data));
  }

  /** Fetch the newest bundle and compare the clock; what was there before stays when that fails. */
  async update(): Promise<void> {
    if (this.#device === null) return;
    const before = this.#device.digest;
    try {
      const {device, ahead, fault} = await this.#trust.update();
      // The set-up may have been removed while the network was slow.
      if (device === null || this.#device === null) return;
      this.#device = device;
      this.#ahead = ahead ?? this.#ahead;
      this.#fault = fault;
      if (device.digest !== before) this.#uses.onNewTrust();
    } catch (error) {
      this.#fault = faultOf(error);
    }
    clearTimeout(this.#retry);
    // A network may be gone without the browser's knowing, and so it may return.
    if (this.#fault?.kind === "unreachable") {
      this.#retry = setTimeout(() => void this.update(), RETRY_MS);
    }
    this.#uses.onChange();
  }

  async remove(): Promise<void> {
    await this.#trust.remove();
    [this.#device, this.#ahead, this.#fault] = [null, null, null];
  }

  /** Destroy the seeds of check-in codes whose time is over; the dates that have one still. */
  sweep(): Promise<string[]> {
    return this.#trust.sweep().catch(() => []);
  }

  /** The clock was set, so what is known about it counts no more. */
  forgetClock(): void {
    this.#ahead = null;
  }

  async #change(answer: Promise<Device>): Promise<Device | null> {
    try {
      this.#device = await answer;
      this.#uses.onNewTrust();
      this.#alert.clear();
      this.#uses.onChange();
      return this.#device;
    } catch (error) {
      this.#alert.explain(error);
      return null;
    }
  }
}
