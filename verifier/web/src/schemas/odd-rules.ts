/**
 * What an honest issuer does beyond the form of a bundle; clients refuse one that does otherwise
 * (docs/formats.md, "What an honest issuer keeps to").
 */

import type {OddRule} from "./bundle-faults.ts";
import {type Jwk, thumbprint} from "./jwk.ts";
import {LANGUAGES, type Texts} from "./languages.ts";

const HOUR = 3600;
const [FEWEST, MOST] = [4, 16];
/** Seconds; a day on which the clocks change has 23 or 25 hours. */
const [SHORTEST, LONGEST] = [5 * HOUR, 25 * HOUR];
const LENGTHS_DIFFER_BY = 2 * HOUR;
/** Of 255, in one of red, green and blue. */
const COLOURS_DIFFER_BY = 64;

const ALLOWED = /^[\u0020-\u007e\u0400-\u04ff]+$/;
const LATIN = /[A-Za-z]/;
const CYRILLIC = /[\u0400-\u0481\u048a-\u04ff]/;
/** Spaces, punctuation, and the signs U+0482 to U+0489, which stand above or beside letters. */
const NOT_READ = /[^a-z0-9\u0400-\u0481\u048a-\u04ff]/g;

interface Status {
  readonly name: Texts;
  readonly colour: string;
}

interface Span {
  readonly nbf: number;
  readonly exp: number;
}

/** A P-256 key whose shape has been checked, and what it is for. */
export type ListedKey = readonly [purpose: string, jwk: Jwk];

/** The first rule that is broken; null where all are kept. There is at least one window. */
export function oddRuleOf(
  statuses: readonly Status[],
  windows: readonly Span[],
  batchSize: number,
): OddRule | null {
  if (!areToldApart(statuses)) return "twin_statuses";
  if (!windowsAreAlike(windows)) return "windows";
  return batchSize >= FEWEST && batchSize <= MOST ? null : "batch_size";
}

/** The same of keys, each with its purpose. */
export async function oddKeyRuleOf(keys: readonly ListedKey[]): Promise<OddRule | null> {
  const kids = await Promise.all(keys.map(([, jwk]) => thumbprint(jwk)));
  const named = keys.map(([purpose], at) => `${purpose}/${kids[at]}`);
  const isNamedSo = keys.every(([, jwk], at) => memberOf(jwk, "kid", kids[at]) === kids[at]);
  if (!isNamedSo || repeats(named)) return "kid";
  return repeats(kids) || !keys.every(([, jwk]) => onlyVerifies(jwk)) ? "shared_key" : null;
}

function areToldApart(statuses: readonly Status[]): boolean {
  const byLanguage = LANGUAGES.map((language) => statuses.map(({name}) => name[language]));
  return (
    byLanguage.every((names) => isOneScript(names) && namesDiffer(names)) &&
    coloursDiffer(statuses.map(({colour}) => colour))
  );
}

/** Whether the names of one language have allowed characters only, and letters of one script. */
function isOneScript(names: readonly string[]): boolean {
  const text = names.join("");
  return ALLOWED.test(text) && !(LATIN.test(text) && CYRILLIC.test(text));
}

/** Whether the letters and digits of all names differ, in lower case; none is without any. */
function namesDiffer(names: readonly string[]): boolean {
  const read = names.map((name) => name.toLowerCase().replace(NOT_READ, ""));
  return !read.includes("") && !repeats(read);
}

/** Whether each two of the colours (`#rrggbb`) can be told apart. */
function coloursDiffer(colours: readonly string[]): boolean {
  const channels = colours.map((colour) => {
    return [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16));
  });
  return channels.every((one, at) =>
    channels.slice(at + 1).every((other) => {
      return one.some((value, of) => Math.abs(value - (other[of] ?? 0)) >= COLOURS_DIFFER_BY);
    }),
  );
}

function windowsAreAlike(windows: readonly Span[]): boolean {
  const lengths = windows.map(({nbf, exp}) => exp - nbf);
  const [least, most] = [Math.min(...lengths), Math.max(...lengths)];
  return least >= SHORTEST && most <= LONGEST && most - least <= LENGTHS_DIFFER_BY;
}

/** `use` and `key_ops` (RFC 7517, 4.2 and 4.3), where present, fit the purpose. */
function onlyVerifies(jwk: Jwk): boolean {
  const operations = JSON.stringify(memberOf(jwk, "key_ops", ["verify"]));
  return memberOf(jwk, "use", "sig") === "sig" && operations === '["verify"]';
}

/** A member that a JWK may have besides those that are always there. */
function memberOf(jwk: Jwk, name: string, otherwise: unknown): unknown {
  return Object.hasOwn(jwk, name) ? (jwk as unknown as Record<string, unknown>)[name] : otherwise;
}

function repeats(values: readonly string[]): boolean {
  return new Set(values).size !== values.length;
}
