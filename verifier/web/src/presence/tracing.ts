/** Which hours can be handed to the authority when it traces an infection. */

import {beginOf, dateOf, hourAt} from "../schemas/hours.ts";

const HOURS_OF_DATE = 24;
const HOUR = 3600;

/** Why no hours can be named: names of texts. */
export type TraceFault = "trace_no_times" | "trace_order" | "trace_not_begun" | "trace_no_seeds";

/** Hours whose keys are here, in order; of `missing` others between them none is. */
export interface HoursToTrace {
  readonly hours: readonly number[];
  readonly missing: number;
}

/**
 * The hours of which some part lies in `from` to before `to` (Unix seconds, NaN where none is
 * given), as far as there is a seed: `dates` are those that have one.
 */
export function hoursToTrace(
  {from, to}: {from: number; to: number},
  dates: readonly string[],
  now: number,
): HoursToTrace | TraceFault {
  if (Number.isNaN(from) || Number.isNaN(to)) return "trace_no_times";
  if (from >= to) return "trace_order";
  const [first, last] = [hourAt(from), hourAt(to - 1)];
  if (last > hourAt(now)) return "trace_not_begun";
  const hours = dates.flatMap(hoursOf).filter((hour) => first <= hour && hour <= last);
  return hours.length > 0 ? {hours, missing: last - first + 1 - hours.length} : "trace_no_seeds";
}

/** Unbroken stretches of hours, as times: their begin, their end, how many hours they have. */
export function stretches(
  hours: readonly number[],
): {begins: number; ends: number; hours: number}[] {
  const found: {begins: number; ends: number; hours: number}[] = [];
  for (const hour of hours) {
    const last = found.at(-1);
    if (last?.ends === beginOf(hour)) {
      last.ends += HOUR;
      last.hours += 1;
    } else found.push({begins: beginOf(hour), ends: beginOf(hour) + HOUR, hours: 1});
  }
  return found;
}

function hoursOf(date: string): number[] {
  const first = hourAt(Date.parse(`${date}T00:00:00Z`) / 1000);
  const hours = Array.from({length: HOURS_OF_DATE}, (_, place) => first + place);
  return hours.filter((hour) => dateOf(hour) === date);
}
