/** The check-in code that is shown at the door, made anew whenever an hour or a window ends. */

import {now} from "../browser/clock.ts";
import {isUsable, windowAt} from "../door/condition.ts";
import type {Venue} from "../door/verification.ts";
import type {MadeCode} from "../presence/check-in.ts";
import {firstHourAt, gridAt} from "../schemas/check-in.ts";
import type {Bytes} from "../schemas/encoding.ts";
import {beginOf, hourAt} from "../schemas/hours.ts";
import type {Recipient} from "../schemas/trace.ts";
import type {TextName} from "../texts.ts";
import type {Device} from "../trust/store.ts";
import type {Question} from "./presence.worker.ts";
import {Thread} from "./thread.ts";

/** `until` is the second from which the code is of no use, Unix time. */
export interface ShownCode {
  readonly text: string;
  readonly path: string;
  readonly size: number;
  readonly name: string;
  readonly until: number;
  readonly bindings: ReadonlyMap<number, Bytes>;
}

/** A code, or the name of the text that says why there is none. */
export type CheckInShown = ShownCode | TextName;

/** Where no code can be made, no proof can be bound to it. */
const NO_BINDINGS: ReadonlyMap<number, Bytes> = new Map();

export class PresenceThread {
  #thread: Thread<Question> | undefined;
  #made: {readonly key: string; readonly shown: Promise<CheckInShown>} | null = null;

  /** What is shown at this moment; null where nothing is to be shown. */
  async at(device: Device): Promise<CheckInShown | null> {
    if (device.checkIn.mode === "off") return null;
    const at = now();
    const key = keyOf(device, at);
    if (this.#made?.key !== key) this.#made = {key, shown: this.#make(device, at)};
    const {shown} = this.#made;
    // What failed is tried again when it is asked for next.
    if (typeof (await shown) === "string" && this.#made.key === key) this.#made = null;
    return shown;
  }

  /** What proofs may be bound to, and whether they must be; undefined where nothing is shown. */
  async venue(device: Device): Promise<Venue | undefined> {
    const shown = await this.at(device);
    if (shown === null) return undefined;
    const bindings = typeof shown === "string" ? NO_BINDINGS : shown.bindings;
    return {bindings, strict: device.checkIn.mode === "strict"};
  }

  /** The keys of some hours as a file for the authority; null where none is left of them. */
  trace(hours: readonly number[], recipient: Recipient): Promise<Bytes | null> {
    return this.#ask({kind: "trace", hours, recipient, now: now()});
  }

  /** The set-up is gone, and the seeds with it. */
  forget(): void {
    this.#made = null;
  }

  async #make(device: Device, at: number): Promise<CheckInShown> {
    const {bundle, checkIn} = device;
    const grid = isUsable(bundle, at) ? await gridAt(bundle, at) : null;
    if (grid === null) return "check_in_unusable";
    const {name} = checkIn;
    const code = {name, grid};
    const made = await this.#ask<MadeCode | null>({kind: "code", code, now: at}).catch(() => null);
    if (made === null) return device.isStored ? "check_in_failed" : "check_in_not_kept";
    return {...made, name, until: beginOf(made.endHour)};
  }

  /** Most devices never need the thread, so it is started with its first question. */
  #ask<Answer>(question: Question): Promise<Answer> {
    this.#thread ??= new Thread<Question>(
      new Worker(new URL("./presence.worker.ts", import.meta.url), {type: "module"}),
    );
    return this.#thread.ask(question);
  }
}

/** All that a code depends on. */
function keyOf({bundle, digest, checkIn}: Device, at: number): string {
  const hours = [hourAt(at), firstHourAt(at)];
  return JSON.stringify([
    digest,
    checkIn.name,
    isUsable(bundle, at),
    windowAt(bundle, at)?.nbf,
    ...hours,
  ]);
}
