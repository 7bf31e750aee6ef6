/** The vectors of the log that all programs read: tests/vectors/log. */

import {readFileSync} from "node:fs";
import type {Bytes} from "../../../src/schemas/encoding.ts";

const LOG = new URL("../../../../../tests/vectors/log/", import.meta.url);

export function casesOf<Case>(kind: string): Case[] {
  return JSON.parse(readFileSync(new URL(`${kind}.json`, LOG), "utf-8")).cases;
}

export function fromBase64(text: string): Bytes {
  return Uint8Array.from(Buffer.from(text, "base64"));
}
