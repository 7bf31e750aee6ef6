/**
 * A venue's check-in code: its keys for the next hours, as one QR text
 * (docs/formats.md, "The check-in code").
 *
 * Codes are not signed: a sticker over one can send visitors to keys that nobody has.
 */

import characters from "@schemas/name_characters.json";
import {contains, passKeysOf, type TrustBundle} from "./bundle.ts";
import {type Bytes, base45Decode, base45Encode, concat, hex, InvalidText} from "./encoding.ts";
import {checkPublicKey, KEY_BYTES} from "./hour-keys.ts";
import {HOURS, hourAt, hourBytes} from "./hours.ts";
import {sha256} from "./webcrypto.ts";

export const PREFIX = "QV1:";

export const DEFAULT_HOURS = 4;
const MOST_HOURS = 12;

/** A visitor's clock that is a little slow must not be refused when an hour has just begun. */
const GRACE_SECONDS = 120;

export const NAME_BYTES = 60;
const GRID_BYTES = 16;
const HEAD = 5;
/** Characters: a code of 12 hours with the longest name. */
const TEXT_LIMIT = 702;

/** The list is fixed: each program would have the categories of another version of Unicode. */
const SPACES = new RegExp(`[${anyOf(characters.space)}]+`, "u");
const FORBIDDEN = new RegExp(`[${anyOf(characters.forbidden)}]`, "u");

/** `keys` are those of the hours from `firstHour` on; `grid` is a digest of 16 bytes. */
export interface CheckInCode {
  readonly firstHour: number;
  readonly keys: readonly Bytes[];
  readonly grid: Bytes;
  readonly name: string;
}

/**
 * `name` with single spaces, as a code carries it; null for one that cannot be.
 *
 * Marks without a shape are refused: they could turn around the text beside the name. What no
 * version of Unicode has assigned yet is taken: it may be a letter where it was written.
 */
export function checkName(name: string): string | null {
  const tidy = name.split(SPACES).filter(Boolean).join(" ");
  const isPrintable = !FORBIDDEN.test(tidy);
  return isPrintable && new TextEncoder().encode(tidy).length <= NAME_BYTES ? tidy : null;
}

/** A class of characters from the form of the Unicode Character Database, `00A0..00AD`. */
function anyOf(ranges: readonly string[]): string {
  return ranges
    .map((entry) => {
      const [first, last = first] = entry.split("..");
      return `\\u{${first}}-\\u{${last}}`;
    })
    .join("");
}

/** The first hour of a code that is shown at `now`. */
export function firstHourAt(now: number): number {
  return hourAt(now - GRACE_SECONDS);
}

/** The QR text: alphanumeric, at most 702 characters. */
export function formatCheckIn({firstHour, keys, grid, name}: CheckInCode): string {
  const head = concat(hourBytes(firstHour), Uint8Array.of(keys.length));
  return PREFIX + base45Encode(concat(head, ...keys, grid, new TextEncoder().encode(name)));
}

/** The inverse of {@link formatCheckIn}; throws InvalidText for any other text. */
export function parseCheckIn(text: string): CheckInCode {
  const line = text.replace(/\r?\n$|\r$/, "");
  if (line.length > TEXT_LIMIT || !line.startsWith(PREFIX)) throw new InvalidText("not a code");
  const data = base45Decode(line.slice(PREFIX.length));
  const count = data[HEAD - 1] ?? 0;
  const end = HEAD + KEY_BYTES * count;
  const isWhole = 1 <= count && count <= MOST_HOURS && data.length >= end + GRID_BYTES;
  if (!isWhole) throw new InvalidText("not a code");
  const firstHour = new DataView(data.buffer).getUint32(0);
  const name = nameIn(data.slice(end + GRID_BYTES));
  if (firstHour + count > HOURS || checkName(name) !== name) throw new InvalidText("not a code");
  const keys = Array.from({length: count}, (_, at) => {
    return data.slice(HEAD + KEY_BYTES * at, HEAD + KEY_BYTES * (at + 1));
  });
  for (const key of keys) checkPublicKey(key);
  return {firstHour, keys, grid: data.slice(end, end + GRID_BYTES), name};
}

function nameIn(data: Bytes): string {
  try {
    return new TextDecoder("utf-8", {fatal: true, ignoreBOM: true}).decode(data);
  } catch {
    throw new InvalidText("not a code");
  }
}

/** The first 16 bytes of the hash of the sorted ids (32 bytes each) of a window's pass keys. */
export async function gridDigest(keyIds: readonly Bytes[]): Promise<Bytes> {
  const sorted = keyIds.map((id) => [hex(id), id] as const).sort(([a], [b]) => (a < b ? -1 : 1));
  return (await sha256(concat(...sorted.map(([, id]) => id)))).slice(0, GRID_BYTES);
}

/** The digest for the window that contains `now`; null where the bundle has none. */
export async function gridAt(bundle: TrustBundle, now: number): Promise<Bytes | null> {
  const keys = passKeysOf(bundle);
  const ids = keys.filter(({window}) => contains(window, now)).map(({id}) => id);
  return ids.length > 0 ? gridDigest(ids) : null;
}
