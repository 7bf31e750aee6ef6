/**
 * What a venue's browser keeps. Nothing in it is about visitors.
 *
 * One record holds the set-up, the highest version seen and the bundle in force, so that they are
 * replaced together; one holds the device's settings; one, two bundles that contradict each other.
 */

import {createStore, del, get, set} from "idb-keyval";
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
}

/** Two bundles of one version that an authority has signed. */
export type Evidence = readonly [Bytes, Bytes];

interface Records {
  venue: Kept;
  evidence: Evidence;
  device: unknown;
}

const store = createStore("qupia", "records");

/** A record; undefined when there is none. Rejects where the browser keeps nothing. */
export function read<Name extends keyof Records>(name: Name): Promise<Records[Name] | undefined> {
  return get(name, store);
}

export function write<Name extends keyof Records>(
  name: Name,
  record: Records[Name],
): Promise<void> {
  return set(name, record, store);
}

export function remove(name: keyof Records): Promise<void> {
  return del(name, store);
}
