/** Ed25519 answers alike, whether the browser has it or not, where implementations differ. */

import {expect, test} from "vitest";
import {isSignedByEd25519, isSoundKey, verifyByLibrary} from "../../../src/schemas/log/ed25519.ts";
import {casesOf, fromBase64} from "./vectors.ts";

interface Case {
  readonly name: string;
  readonly key: string;
  readonly signature: string;
  readonly message: string;
  readonly ok: boolean;
}

const CASES = casesOf<Case>("ed25519");

function bytesOf({key, signature, message}: Case) {
  return [fromBase64(key), fromBase64(signature), fromBase64(message)] as const;
}

test.each(CASES)("$name: $ok", async (given) => {
  expect(await isSignedByEd25519(...bytesOf(given))).toBe(given.ok);
});

test.each(CASES.filter(({ok}) => ok))("without the browser's: $name", async (given) => {
  const [key, signature, message] = bytesOf(given);
  expect(await verifyByLibrary(key, signature, message)).toBe(true);
  signature[40] = Number(signature[40]) ^ 1;
  expect(await verifyByLibrary(key, signature, message)).toBe(false);
});

test.each(CASES.filter(({name}) => name.includes("with a part of small order")))(
  "without the browser's, and without the cofactor: $name",
  async (given) => {
    expect(await verifyByLibrary(...bytesOf(given))).toBe(given.ok);
  },
);

test.each(CASES.filter(({name}) => /key .*(neutral point|of order)/.test(name)))(
  "no key is a $name",
  ({key}) => {
    expect(isSoundKey(fromBase64(key))).toBe(false);
  },
);
