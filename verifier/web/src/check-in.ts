/** The check-in code that stands beside the scanner, made anew whenever an hour or a window ends. */

import {Thread} from "./asking.ts";
import {now} from "./clock.ts";
import {conditionAt, windowAt} from "./condition.ts";
import type {Venue} from "./keeper.ts";
import {firstHourAt, gridAt} from "./schemas/check-in.ts";
import type {Bytes} from "./schemas/encoding.ts";
import {beginOf, hourAt} from "./schemas/hours.ts";
import type {Recipient} from "./schemas/trace.ts";
import type {TextName} from "./texts.ts";
import type {MadeCode} from "./venue-keys.ts";
import type {Question} from "./venue-keys.worker.ts";
import type {Venue as Tie} from "./verification.ts";

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
export type Standing = ShownCode | TextName;

/** Where no code can be made, no proof can be bound to it. */
const NOTHING: ReadonlyMap<number, Bytes> = new Map();

export class CheckIn {
  #thread: Thread<Question> | undefined;
  #made: {readonly key: string; readonly standing: Promise<Standing>} | null = null;

  /** What stands beside the scanner at this moment; null where nothing is to be shown. */
  async at(venue: Venue): Promise<Standing | null> {
    if (venue.checkIn.mode === "off") return null;
    const at = now();
    const key = keyOf(venue, at);
    if (this.#made?.key !== key) this.#made = {key, standing: this.#make(venue, at)};
    const {standing} = this.#made;
    // What failed is tried again with the next look around.
    if (typeof (await standing) === "string" && this.#made.key === key) this.#made = null;
    return standing;
  }

  /** What proofs may be bound to, and whether they must be; undefined where nothing is shown. */
  async tie(venue: Venue): Promise<Tie | undefined> {
    const standing = await this.at(venue);
    if (standing === null) return undefined;
    const bindings = typeof standing === "string" ? NOTHING : standing.bindings;
    return {bindings, strict: venue.checkIn.mode === "strict"};
  }

  /** The keys of some hours as a file for the authority; null where none is left of them. */
  trace(hours: readonly number[], recipient: Recipient): Promise<Bytes | null> {
    return this.#ask({kind: "trace", hours, recipient, now: now()});
  }

  /** The set-up is gone, and the seeds with it. */
  forget(): void {
    this.#made = null;
  }

  async #make(venue: Venue, at: number): Promise<Standing> {
    const {bundle, checkIn} = venue;
    const isUsable = conditionAt(bundle, at).refused === null;
    const grid = isUsable ? await gridAt(bundle, at) : null;
    if (grid === null) return "check_in_unusable";
    const {name} = checkIn;
    const code = {name, grid};
    const made = await this.#ask<MadeCode | null>({kind: "code", code, now: at}).catch(() => null);
    if (made === null) return venue.isKept ? "check_in_failed" : "check_in_not_kept";
    return {...made, name, until: beginOf(made.endHour)};
  }

  /** Most devices never need the thread, so it is started with its first question. */
  #ask<Answer>(question: Question): Promise<Answer> {
    this.#thread ??= new Thread<Question>(
      new Worker(new URL("./venue-keys.worker.ts", import.meta.url), {type: "module"}),
    );
    return this.#thread.ask(question);
  }
}

/** All that a code depends on. */
function keyOf({bundle, digest, checkIn}: Venue, at: number): string {
  const isUsable = conditionAt(bundle, at).refused === null;
  const hours = [hourAt(at), firstHourAt(at)];
  return JSON.stringify([digest, checkIn.name, isUsable, windowAt(bundle, at)?.nbf, ...hours]);
}
