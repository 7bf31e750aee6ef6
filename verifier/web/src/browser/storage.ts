/**
 * The records that a venue's browser stores. Nothing in them is about visitors.
 *
 * One record holds the set-up, the highest version seen and the bundle in force, so that they are
 * replaced together; one holds the user's preferences; one, pairs of bundles that contradict
 * each other; one, the seeds of the check-in codes of 14 days.
 */

import {createStore, del, get, keys, set} from "idb-keyval";

type Name = "venue" | "evidence" | "device" | "seeds";

const store = createStore("qupia", "records");

/**
 * A record, not checked; undefined when there is none. Rejects where the browser stores nothing:
 * some browsers throw at once then, and others have no database at all.
 */
export async function read(name: Name): Promise<unknown> {
  return get(name, store);
}

/** Whether there is such a record, without reading it. */
export async function has(name: Name): Promise<boolean> {
  return (await keys(store)).includes(name);
}

export async function write(name: Name, record: unknown): Promise<void> {
  return set(name, record, store);
}

export async function remove(name: Name): Promise<void> {
  return del(name, store);
}

/** One change at a time over all tabs and threads of this browser, of what is named. */
export function alone<T>(what: "trust" | "seeds", change: () => Promise<T>): Promise<T> {
  return navigator.locks.request(`qupia-${what}`, change) as Promise<T>;
}
