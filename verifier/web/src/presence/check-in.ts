/**
 * The check-in code that a venue shows, made from its seeds.
 *
 * It is made in a worker, which no private key leaves but sealed. The format is in
 * docs/formats.md, "The check-in code".
 */

import {correction, generate} from "lean-qr";
import {toSvgPath} from "lean-qr/extras/svg";
import {type CheckInCode, DEFAULT_HOURS, firstHourAt, formatCheckIn} from "../schemas/check-in.ts";
import type {Bytes} from "../schemas/encoding.ts";
import {publicHalf} from "../schemas/hour-keys.ts";
import {dateOf} from "../schemas/hours.ts";
import {bindingsAt, hourKeys} from "./bindings.ts";
import {makeSeeds} from "./seeds.ts";

/** A check-in code: its text, the shape of its QR code as an SVG path of `size` modules, its end. */
export interface MadeCode {
  readonly text: string;
  readonly path: string;
  readonly size: number;
  readonly endHour: number;
  /** What proofs of each hour are bound to here. */
  readonly bindings: ReadonlyMap<number, Bytes>;
}

/** The code for the next hours; null where there is no set-up whose seeds could be stored. */
export async function makeCheckIn(
  {name, grid}: Pick<CheckInCode, "name" | "grid">,
  now: number,
): Promise<MadeCode | null> {
  const firstHour = firstHourAt(now);
  const hours = Array.from({length: DEFAULT_HOURS}, (_, place) => firstHour + place);
  const seeds = await makeSeeds([...new Set(hours.map(dateOf))], now);
  if (seeds === null) return null;
  const keys = [...(await hourKeys(seeds, hours)).values()].map(publicHalf);
  const text = formatCheckIn({firstHour, keys, grid, name});
  const bindings = await bindingsAt(seeds, now);
  return {text, ...draw(text), endHour: firstHour + keys.length, bindings};
}

/** Level M: a screen behind glass or with a scratch is read all the same. */
function draw(text: string): {path: string; size: number} {
  const level = correction.M;
  const code = generate(text, {minCorrectionLevel: level, maxCorrectionLevel: level});
  return {path: toSvgPath(code), size: code.size};
}
