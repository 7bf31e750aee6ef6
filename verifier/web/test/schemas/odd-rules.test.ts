/** The same vectors as Python's: what an honest issuer does, and each way to do otherwise. */

import {readFileSync} from "node:fs";
import {expect, test} from "vitest";
import {checkKeys, parseBundle} from "../../src/schemas/bundle.ts";
import {BundleRejected, ODD_RULES, type OddRule} from "../../src/schemas/bundle-faults.ts";
import type {JsonObject} from "../../src/schemas/json.ts";
import type {Jwk} from "../../src/schemas/jwk.ts";

interface Beside {
  readonly roots: readonly Jwk[];
  readonly signers: readonly Jwk[];
}

interface Case {
  readonly name: string;
  readonly odd: OddRule | null;
  readonly replaced: JsonObject & Partial<Beside>;
}

const FILE = new URL("../../../../tests/vectors/bundles/odd_rules.json", import.meta.url);
const given: Beside & {payload: JsonObject; cases: readonly Case[]} = JSON.parse(
  readFileSync(FILE, "utf-8"),
);

async function judged(replaced: Case["replaced"]): Promise<OddRule | null> {
  const {roots, signers, ...members} = {roots: given.roots, signers: given.signers, ...replaced};
  try {
    const bundle = await parseBundle({...given.payload, ...members}, Number.MAX_SAFE_INTEGER);
    await checkKeys(bundle, roots, signers);
  } catch (rejected) {
    if (!(rejected instanceof BundleRejected)) throw rejected;
    expect(rejected.fault).toBe("odd_rules");
    return rejected.odd;
  }
  return null;
}

test.each(given.cases)("$name", async ({odd, replaced}) => {
  expect(await judged(replaced)).toBe(odd);
});

test("each rule is broken by some", () => {
  expect(new Set(given.cases.map(({odd}) => odd))).toEqual(new Set([...ODD_RULES, null]));
});
