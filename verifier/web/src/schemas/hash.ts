/** SHA-2 by WebCrypto. */

import type {Bytes} from "./encoding.ts";

/** SHA-256, 32 bytes. */
export async function sha256(data: Bytes): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", data));
}
