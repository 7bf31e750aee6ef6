/** Bytes as tests write them. */

import type {Bytes} from "../src/schemas/encoding.ts";

export function fromHex(text: string): Bytes {
  return Uint8Array.from(text.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16));
}
