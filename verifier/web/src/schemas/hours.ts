/** Hours and dates of presence tracing (docs/formats.md, "Presence tracing"), always UTC. */

import {type Bytes, bigEndian} from "./encoding.ts";

const HOUR = 3600;
const TRACING_PERIOD = 14 * 24 * HOUR;

/** Hours that can be told: their last second still fits four bytes, as records of visits have it. */
export const HOURS = Math.floor(2 ** 32 / HOUR);

/** The hour since 1970 in which `now` (Unix seconds) lies. */
export function hourAt(now: number): number {
  return Math.floor(now / HOUR);
}

/** The UTC day since 1970 in which `now` (Unix seconds) lies. */
export function dayAt(now: number): number {
  return Math.floor(now / (24 * HOUR));
}

/** The first second of an hour, Unix seconds. */
export function beginOf(hour: number): number {
  return hour * HOUR;
}

/** An hour as all formats write it, in four bytes; throws RangeError for one beyond them. */
export function hourBytes(hour: number): Bytes {
  if (!(hour >= 0 && hour < HOURS)) throw new RangeError("no such hour");
  return bigEndian(hour, 4);
}

/** The UTC date of an hour, `YYYY-MM-DD`. */
export function dateOf(hour: number): string {
  return new Date(beginOf(hour) * 1000).toISOString().slice(0, 10);
}

/** When all that belongs to a UTC date dies, Unix seconds; NaN for a text that is none. */
export function tracingEnds(date: string): number {
  return Date.parse(`${date}T00:00:00Z`) / 1000 + TRACING_PERIOD;
}
