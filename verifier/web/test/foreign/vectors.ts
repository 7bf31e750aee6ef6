/** The files of tests/foreign, whose README says where each is from. */

import {readFileSync} from "node:fs";
import type {Bytes} from "../../src/schemas/encoding.ts";

const FOREIGN = new URL("../../../../tests/foreign/", import.meta.url);

/** A case of Wycheproof with the members of its group: bytes are in hex. */
export interface Case {
  readonly tcId: number;
  readonly comment: string;
  readonly result: "valid" | "invalid" | "acceptable";
  readonly flags: readonly string[];
}

function readForeign<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`${name}.json`, FOREIGN), "utf-8")) as T;
}

export function wycheproof<T>(name: string): (Case & T)[] {
  const {groups} = readForeign<{groups: {tests: (Case & T)[]}[]}>(name);
  return groups.flatMap((group) => group.tests.map((one) => ({...group, ...one})));
}

/** The flags of a file's cases that are refused here whatever their result. */
export function stricter(name: string): string[] {
  return Object.keys(readForeign<Record<string, Record<string, string>>>("stricter")[name] ?? {});
}

/** The texts of a file of other systems' codes. */
export function foreignTexts(name: string): string[] {
  return readForeign<{texts: {text: string}[]}>(name).texts.map(({text}) => text);
}

export function fromHex(text: string): Bytes {
  return Uint8Array.from(text.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16));
}
