/** How long something is, in words and one whole unit, and whether it looks like a time zone. */

import {sentence} from "./catalogues.ts";
import type {Language} from "./languages.ts";

const [MINUTE, HOUR, DAY] = [60, 3600, 86_400];
const LEAST_MINUTES = 3 * MINUTE;
const LEAST_DAYS = 2 * DAY;
const NEAR_HOUR = 2 * MINUTE;
const FARTHEST_ZONE = 14 * HOUR;

/** `seconds`, which are not negative, rounded to the unit in which people would say it. */
export function durationText(seconds: number, language: Language): string {
  const [unit, count] = inUnits(seconds);
  return sentence(`duration_${unit}`, language, {count});
}

/** Whether two clocks that differ by so much are likely set for two time zones. */
function isWholeHours(seconds: number): boolean {
  const off = Math.abs(seconds - rounded(seconds, HOUR) * HOUR);
  const isZone = seconds >= HOUR - NEAR_HOUR && seconds <= FARTHEST_ZONE + NEAR_HOUR;
  return isZone && off <= NEAR_HOUR;
}

/** `text` about two clocks, and what is said of time zones where they are likely the cause. */
export function withZone(text: string, seconds: number, language: Language): string {
  return isWholeHours(seconds) ? `${text} ${sentence("clock_zone", language)}` : text;
}

function inUnits(seconds: number): ["seconds" | "minutes" | "hours" | "days", number] {
  if (seconds < LEAST_MINUTES) return ["seconds", seconds];
  if (seconds >= LEAST_DAYS) return ["days", rounded(seconds, DAY)];
  if (seconds < 2 * HOUR && !isWholeHours(seconds)) return ["minutes", rounded(seconds, MINUTE)];
  return ["hours", rounded(seconds, HOUR)];
}

function rounded(seconds: number, unit: number): number {
  return Math.floor((seconds + unit / 2) / unit);
}
