/**
 * A venue's keys of the hours, made from its seeds: what is shown of them, and what is handed over.
 *
 * It runs in a worker, which no private key leaves but sealed.
 */

import {correction, generate} from "lean-qr";
import {toSvgPath} from "lean-qr/extras/svg";
import {type CheckInCode, DEFAULT_HOURS, firstHourAt, formatCheckIn} from "./schemas/check-in.ts";
import type {Bytes} from "./schemas/encoding.ts";
import {bindingOf, deriveHourKey, publicHalf, VENUE_LABEL} from "./schemas/hour-keys.ts";
import {dateOf, hourAt} from "./schemas/hours.ts";
import {type Recipient, sealTrace} from "./schemas/trace.ts";
import {livingSeeds, type Seeds, seedsWith} from "./seeds.ts";

/** Proofs of so many past hours are told from those of other venues: they say that they are old. */
const BOUND_HOURS = 12;

/** A check-in code: its text, the shape of its QR code as an SVG path of `size` modules, its end. */
export interface MadeCode {
  readonly text: string;
  readonly path: string;
  readonly size: number;
  readonly endHour: number;
  /** What proofs of each hour are bound to here. */
  readonly bindings: ReadonlyMap<number, Bytes>;
}

/** The code for the next hours; null where there is no set-up whose seeds could be kept. */
export async function makeCode(
  {name, grid}: Pick<CheckInCode, "name" | "grid">,
  now: number,
): Promise<MadeCode | null> {
  const firstHour = firstHourAt(now);
  const hours = Array.from({length: DEFAULT_HOURS}, (_, place) => firstHour + place);
  const seeds = await seedsWith([...new Set(hours.map(dateOf))], now);
  if (seeds === null) return null;
  const keys = [...(await hourKeys(seeds, hours)).values()].map(publicHalf);
  const text = formatCheckIn({firstHour, keys, grid, name});
  const bindings = await bindingsAt(seeds, hourAt(now));
  return {text, ...draw(text), endHour: firstHour + keys.length, bindings};
}

/** The file for the authority; null where no seed of these hours is left. */
export async function exportHours(
  hours: readonly number[],
  recipient: Recipient,
  now: number,
): Promise<Bytes | null> {
  const keys = await hourKeys(await livingSeeds(now), hours);
  return keys.size > 0 ? sealTrace(keys, recipient) : null;
}

/** The private keys of those hours whose seed is there. */
async function hourKeys(seeds: Seeds, hours: readonly number[]): Promise<Map<number, Bytes>> {
  const keys = new Map<number, Bytes>();
  for (const hour of hours) {
    const seed = seeds.get(dateOf(hour));
    if (seed !== undefined) keys.set(hour, await deriveHourKey(seed, hour, VENUE_LABEL));
  }
  return keys;
}

async function bindingsAt(seeds: Seeds, hour: number): Promise<Map<number, Bytes>> {
  const first = hour - BOUND_HOURS;
  const hours = Array.from({length: BOUND_HOURS + 2}, (_, place) => first + place);
  const bindings = new Map<number, Bytes>();
  for (const [at, key] of await hourKeys(seeds, hours)) {
    bindings.set(at, await bindingOf(publicHalf(key)));
  }
  return bindings;
}

/** Level M: a screen behind glass or with a scratch is read all the same. */
function draw(text: string): {path: string; size: number} {
  const level = correction.M;
  const code = generate(text, {minCorrectionLevel: level, maxCorrectionLevel: level});
  return {path: toSvgPath(code), size: code.size};
}
