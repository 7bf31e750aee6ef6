/** The same vectors as Python's: each way in which a bundle is taken, refused or warned of. */

import {readdirSync, readFileSync} from "node:fs";
import {expect, test} from "vitest";
import {type BundleFault, BundleRejected} from "../../src/schemas/bundle-faults.ts";
import type {Bytes} from "../../src/schemas/encoding.ts";
import {
  acceptBundle,
  pinned,
  type TrustState,
  type VerifiedBundle,
} from "../../src/schemas/trust.ts";
import {fromHex} from "../hex.ts";

interface Offer {
  readonly bundle: string;
  readonly now: number;
}

interface Case extends Offer {
  readonly name: string;
  readonly about: string;
  readonly anchor: string;
  readonly before: readonly Offer[];
  readonly leaves: readonly string[] | null;
  readonly fault: BundleFault | null;
  readonly warnings: readonly string[];
  readonly version: number | null;
}

const FOLDER = new URL("../../../../tests/vectors/bundles/", import.meta.url);
const cases: readonly Case[] = readdirSync(FOLDER)
  .filter((name) => name !== "odd_rules.json")
  .map((name) => JSON.parse(readFileSync(new URL(name, FOLDER), "utf-8")));

/** A client that keeps what it has where it refuses something. */
class Client {
  held: VerifiedBundle | null = null;
  warnings: readonly string[] = [];
  #state: TrustState;

  constructor(anchor: string) {
    this.#state = pinned(anchor);
  }

  async offer({bundle, now}: Offer, leaves: readonly Bytes[] | null): Promise<BundleFault | null> {
    this.warnings = [];
    try {
      const accepted = await acceptBundle(
        new TextEncoder().encode(bundle),
        this.#state,
        this.held,
        now,
        leaves,
      );
      this.#state = accepted.state;
      this.held = accepted.found;
      this.warnings = accepted.warnings;
      return null;
    } catch (error) {
      if (error instanceof BundleRejected) return error.fault;
      throw error;
    }
  }
}

test("there are vectors", () => {
  expect(cases.length).toBeGreaterThan(60);
});

test.each(cases)("$name: $about", async ({anchor, before, leaves, fault, warnings, ...offer}) => {
  const client = new Client(anchor);
  for (const earlier of before) expect(await client.offer(earlier, null)).toBeNull();
  expect(await client.offer(offer, leaves?.map(fromHex) ?? null)).toBe(fault);
  expect(client.warnings).toEqual(warnings);
  expect(client.held?.bundle.version ?? null).toBe(offer.version);
});
