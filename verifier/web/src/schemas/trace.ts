/** A venue's keys of some hours, sealed (docs/formats.md, "From the venue to the authority"). */

import {Aes128Gcm, CipherSuite, HkdfSha256} from "@hpke/core";
import {DhkemX25519HkdfSha256} from "@hpke/dhkem-x25519";
import {ascii, type Bytes, b64urlEncode, concat} from "./encoding.ts";
import {checkPublicKey} from "./hour-keys.ts";
import {hourBytes} from "./hours.ts";

const INFO = ascii("qupia-trace-v1");

/** Whose authority opens an export, and its public key of the UTC day that the file names. */
export interface Recipient {
  readonly iss: string;
  readonly day: number;
  readonly key: Bytes;
}

/**
 * The file: private keys by their hours, at least one, sealed with HPKE (RFC 9180) in base mode.
 *
 * Throws InvalidText for a key of the recipient that cannot be used.
 */
export async function sealTrace(
  keys: ReadonlyMap<number, Bytes>,
  recipient: Recipient,
): Promise<Bytes> {
  checkPublicKey(recipient.key);
  const entries = [...keys].sort(([hour], [other]) => hour - other);
  const plain = concat(...entries.map(([hour, key]) => concat(hourBytes(hour), key)));
  const sealed = await seal(plain, recipient.key);
  const members = {iss: recipient.iss, day: recipient.day, sealed: b64urlEncode(sealed)};
  return ascii(JSON.stringify(members, null, 1));
}

/** `enc` and `ct` in one. */
async function seal(plain: Bytes, key: Bytes): Promise<Bytes> {
  const suite = new CipherSuite({
    kem: new DhkemX25519HkdfSha256(),
    kdf: new HkdfSha256(),
    aead: new Aes128Gcm(),
  });
  const recipientPublicKey = await suite.kem.deserializePublicKey(key);
  const {enc, ct} = await suite.seal({recipientPublicKey, info: INFO}, plain);
  return concat(new Uint8Array(enc), new Uint8Array(ct));
}
