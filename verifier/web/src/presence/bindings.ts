/** What proofs are bound to at this venue: 16 bytes for each hour, derived from its seeds. */

import type {Bytes} from "../schemas/encoding.ts";
import {bindingOf, deriveHourKey, publicHalf, VENUE_LABEL} from "../schemas/hour-keys.ts";
import {dateOf, hourAt} from "../schemas/hours.ts";
import type {Seeds} from "./seeds.ts";

/** A code made here is called old rather than wrong for so many hours. */
const HOURS_BACK = 12;

/** By hour, for those that have a seed: the last 12, the current one and the next. */
export async function bindingsAt(seeds: Seeds, now: number): Promise<Map<number, Bytes>> {
  const first = hourAt(now) - HOURS_BACK;
  const hours = Array.from({length: HOURS_BACK + 2}, (_, place) => first + place);
  const bindings = new Map<number, Bytes>();
  for (const [hour, key] of await hourKeys(seeds, hours)) {
    bindings.set(hour, await bindingOf(publicHalf(key)));
  }
  return bindings;
}

/** The private keys of those hours whose seed is there. */
export async function hourKeys(
  seeds: Seeds,
  hours: readonly number[],
): Promise<Map<number, Bytes>> {
  const keys = new Map<number, Bytes>();
  for (const hour of hours) {
    const seed = seeds.get(dateOf(hour));
    if (seed !== undefined) keys.set(hour, await deriveHourKey(seed, hour, VENUE_LABEL));
  }
  return keys;
}
