/**
 * What a venue's browser keeps. Nothing in it is about visitors.
 *
 * One record holds the set-up, the highest version seen and the bundle in force, so that they are
 * replaced together; one holds the device's settings; one, two bundles that contradict each other;
 * one, the seeds of the check-in codes of 14 days.
 */

import {createStore, del, get, keys, set} from "idb-keyval";
import {type CheckInSetting, isSetting} from "./check-in-setting.ts";
import type {Bytes} from "./schemas/encoding.ts";
import type {TrustState} from "./schemas/trust.ts";

/** The version of this layout. */
export const FORMAT = 1;

/** `url` is null for a device that is never online; `policy` null stands for the bundle's first. */
export interface Kept {
  readonly format: typeof FORMAT;
  readonly url: string | null;
  readonly policy: string | null;
  readonly state: TrustState;
  readonly data: Bytes;
  /** Older records have none. */
  readonly checkIn?: CheckInSetting;
}

/** Whether a record has the shape in which it was written; what is in it is verified elsewhere. */
export function isKept(record: unknown): record is Kept {
  const {format, url, policy, state, data, checkIn} = (record ?? {}) as Partial<Kept>;
  return (
    format === FORMAT &&
    (url === null || typeof url === "string") &&
    (policy === null || typeof policy === "string") &&
    typeof state?.root === "string" &&
    typeof state.digest === "string" &&
    data instanceof Uint8Array &&
    (checkIn === undefined || isSetting(checkIn))
  );
}

/** Two bundles of one version that an authority has signed. */
export type Evidence = readonly [Bytes, Bytes];

interface Records {
  venue: unknown;
  evidence: Evidence;
  device: unknown;
  seeds: unknown;
}

const store = createStore("qupia", "records");

/**
 * A record; undefined when there is none. Rejects where the browser keeps nothing: some browsers
 * throw at once then, and others have no database at all.
 */
export async function read<Name extends keyof Records>(
  name: Name,
): Promise<Records[Name] | undefined> {
  return get(name, store);
}

/** Whether there is such a record, without reading it. */
export async function has(name: keyof Records): Promise<boolean> {
  return (await keys(store)).includes(name);
}

export async function write(name: "venue", record: Kept): Promise<void>;
export async function write(name: "evidence", record: Evidence): Promise<void>;
export async function write(name: "device", record: unknown): Promise<void>;
export async function write(name: "seeds", record: ReadonlyMap<string, Bytes>): Promise<void>;
export async function write(name: keyof Records, record: unknown): Promise<void> {
  return set(name, record, store);
}

export async function remove(name: keyof Records): Promise<void> {
  return del(name, store);
}

/** One change at a time over all tabs and threads of this browser, of what is named. */
export function alone<T>(what: "trust" | "seeds", task: () => Promise<T>): Promise<T> {
  return navigator.locks.request(`qupia-${what}`, task) as Promise<T>;
}
