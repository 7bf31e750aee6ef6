/** The newest bundle and the time from the issuer's address; nothing else is ever asked for. */

import type {Clock} from "../browser/clock.ts";
import {DeviceFailed, isProblemCode} from "../faults.ts";
import {BUNDLE_LIMIT} from "../schemas/bundle.ts";
import type {Bytes} from "../schemas/encoding.ts";
import {parseJsonObject} from "../schemas/json.ts";
import {cutTile, type Tile, tilesOf} from "../schemas/log/tiles.ts";
import type {MissingLeaves} from "../schemas/trust.ts";

const TRUST_BUNDLE_PATH = "/.well-known/qupia/trust-bundle";
const HEALTH_PATH = "/healthz";

/** Leaf hashes; a log of bundles that are made every six hours has fewer after forty years. */
const MOST_LEAVES = 65_536;

/** For an answer without a body to read. */
const PATIENCE_MS = 30_000;

/** For a bundle: the largest takes as long on the slowest networks that phones still have. */
const LONGEST_MS = 300_000;

/** The bytes that the issuer serves, not verified; throws DeviceFailed. */
export async function fetchBundle(origin: string): Promise<Bytes> {
  const answer = await send(origin + TRUST_BUNDLE_PATH, "GET", LONGEST_MS);
  const body = await readBody(answer);
  if (answer.status === 200) return body;
  throw new DeviceFailed(problemIn(body));
}

/**
 * The leaf hashes of a whole log, not verified; null where its host does not give them.
 *
 * `origin` names the log by the path under which it is served.
 */
export async function fetchLeaves(
  address: string,
  {origin, size}: MissingLeaves,
): Promise<Bytes[] | null> {
  const path = origin.slice(origin.indexOf("/"));
  if (size > MOST_LEAVES) return null;
  const leaves: Bytes[] = [];
  for (const tile of tilesOf(Number(size))) {
    const hashes = await fetchTile(address + path, tile);
    if (hashes === null) return null;
    leaves.push(...hashes);
  }
  return leaves;
}

/** A host may give the whole tile once a partial one has filled up (C2SP tlog-tiles). */
async function fetchTile(prefix: string, tile: Tile): Promise<Bytes[] | null> {
  for (const path of tile.paths) {
    try {
      const answer = await send(`${prefix}/tile/0/${path}`, "GET");
      const body = await readBody(answer);
      if (answer.status === 200) return cutTile(body, tile.width);
    } catch (error) {
      if (!(error instanceof DeviceFailed)) throw error;
    }
  }
  return null;
}

/** The digest of what the issuer serves, as its ETag says; null when it says none. */
export async function fetchDigest(origin: string): Promise<string | null> {
  const answer = await send(origin + TRUST_BUNDLE_PATH, "HEAD");
  const tag = answer.status === 200 ? answer.headers.get("ETag") : null;
  return tag?.match(/^"([\w-]+)"$/)?.[1] ?? null;
}

/**
 * How many seconds this device's clock is ahead of the issuer's; null when that cannot be told.
 *
 * The bundle's own answer may come out of a cache, so the time is read from an answer that never
 * does. Half of the round trip is taken to be on the way back.
 */
export async function compareClock(origin: string, now: Clock): Promise<number | null> {
  const sent = now();
  try {
    const answer = await send(origin + HEALTH_PATH, "GET");
    await answer.body?.cancel();
    const made = Date.parse(answer.headers.get("Date") ?? "") / 1000;
    return Number.isNaN(made) ? null : Math.floor((sent + now()) / 2) - made;
  } catch {
    return null;
  }
}

/**
 * One request without cookies, referrer, redirect or cache.
 *
 * A browser's cache would give back the ETag that the issuer chose, which could tell venues apart.
 */
async function send(
  url: string,
  method: "GET" | "HEAD",
  patience = PATIENCE_MS,
): Promise<Response> {
  try {
    return await fetch(url, {
      method,
      cache: "no-store",
      credentials: "omit",
      redirect: "error",
      referrerPolicy: "no-referrer",
      signal: AbortSignal.timeout(patience),
    });
  } catch {
    throw new DeviceFailed({kind: "unreachable"});
  }
}

/** At most one byte more than a bundle may have. */
async function readBody(answer: Response): Promise<Bytes> {
  const reader = answer.body?.getReader();
  const body = new Uint8Array(BUNDLE_LIMIT + 1);
  let size = 0;
  try {
    for (;;) {
      const {value, done} = (await reader?.read()) ?? {done: true, value: undefined};
      if (done) return body.slice(0, size);
      body.set(value.subarray(0, body.length - size), size);
      size = Math.min(size + value.length, body.length);
      if (size > BUNDLE_LIMIT) {
        await reader?.cancel();
        return body;
      }
    }
  } catch {
    throw new DeviceFailed({kind: "unreachable"});
  }
}

/** What an issuer says itself, or that something else than an issuer answered. */
function problemIn(body: Bytes): DeviceFailed["fault"] {
  try {
    const {code} = parseJsonObject(body);
    return isProblemCode(code) ? {kind: "problem", code} : {kind: "not_an_issuer"};
  } catch {
    return {kind: "not_an_issuer"};
  }
}
