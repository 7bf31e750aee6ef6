/**
 * The venue's seeds, one for each UTC date, from which the hours' keys are made.
 *
 * They die 14 days after their date began, and all of them at the sunset: the authority has none
 * either then, and nobody can open an hour alone (docs/formats.md, "Seeds and hour keys"). Their
 * lock is not that of the set-up, so no visitor waits while a bundle is verified. All functions
 * reject where the browser stores nothing.
 */

import {alone, has, read, remove, write} from "../browser/storage.ts";
import type {Bytes} from "../schemas/encoding.ts";
import {SEED_BYTES} from "../schemas/hour-keys.ts";
import {tracingEnds} from "../schemas/hours.ts";
import type {TrustStore} from "../trust/store.ts";

export type Seeds = ReadonlyMap<string, Bytes>;

/** The seeds whose time is not over. */
export async function livingSeeds(now: number): Promise<Seeds> {
  return new Map([...(await storedSeeds())].filter(([date]) => now < tracingEnds(date)));
}

/**
 * The living seeds with those of `dates`, which are stored before anything is made from them; null
 * where there is no set-up: another tab may just have removed it.
 */
export function makeSeeds(dates: readonly string[], now: number): Promise<Seeds | null> {
  return alone("seeds", async () => {
    if (!(await has("venue"))) return null;
    const seeds = new Map(await livingSeeds(now));
    const missing = dates.filter((date) => !seeds.has(date) && now < tracingEnds(date));
    for (const date of missing) seeds.set(date, crypto.getRandomValues(new Uint8Array(SEED_BYTES)));
    if (missing.length > 0) await write("seeds", seeds);
    return seeds;
  });
}

/** Destroy the seeds whose time is over; the dates that have one still. */
export async function sweep(store: TrustStore, now: number): Promise<string[]> {
  const dates = await destroyEnded(now);
  const sunset = await store.sunset();
  if (sunset === null || now < sunset) return dates;
  await destroySeeds();
  return [];
}

/** Destroy all of them: no hour that was shown can be traced any more. */
export function destroySeeds(): Promise<void> {
  return alone("seeds", () => remove("seeds"));
}

function destroyEnded(now: number): Promise<string[]> {
  return alone("seeds", async () => {
    const [stored, living] = [await storedSeeds(), await livingSeeds(now)];
    if (living.size === 0) await remove("seeds");
    else if (living.size < stored.size) await write("seeds", living);
    return [...living.keys()].sort();
  });
}

/** What is no date, or no seed, is none. */
async function storedSeeds(): Promise<Seeds> {
  const record = await read("seeds");
  const pairs: [unknown, unknown][] = record instanceof Map ? [...record] : [];
  return new Map(
    pairs.filter((pair): pair is [string, Bytes] => {
      const [date, seed] = pair;
      const isDate = typeof date === "string" && /^\d{4}-\d\d-\d\d$/.test(date);
      return isDate && seed instanceof Uint8Array && seed.length === SEED_BYTES;
    }),
  );
}
