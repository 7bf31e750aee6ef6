/** The vectors of Wycheproof through the page's functions, as tests/foreign has them in Python. */

import {Aes128Gcm} from "@hpke/core";
import {x25519} from "@noble/curves/ed25519.js";
import {describe, expect, test, vi} from "vitest";
import {ascii, b64urlDecode, concat, hex} from "../../src/schemas/encoding.ts";
import {checkPublicKey, deriveHourKey, KEY_BYTES} from "../../src/schemas/hour-keys.ts";
import {parseJsonObject} from "../../src/schemas/json.ts";
import {type Jwk, keyFromJwk} from "../../src/schemas/jwk.ts";
import {parseJws, type Typ, verifyJws} from "../../src/schemas/jws.ts";
import {isSigned} from "../../src/schemas/token.ts";
import {isSignedBy, keyFromPoint} from "../../src/schemas/webcrypto.ts";
import {fromHex, stricter, wycheproof} from "./vectors.ts";

// The info of a key of an hour ends in the hour's four bytes; in the vectors it is any bytes.
vi.mock(import("../../src/schemas/hours.ts"), async (original) => {
  return {...(await original()), hourBytes: () => new Uint8Array(0)};
});

const TYPS: readonly Typ[] = ["qupia-root+jwt", "qupia-trust+jwt", "qupia-paper+jwt"];
const HALF_OF_P256_ORDER = 0x7fffffff800000007fffffffffffffffde737d56d38bcf4279dce5617e3192a8n;

describe("a signature of ECDSA is right or wrong as the vector says:", () => {
  type Signed = {publicKey: string; msg: string; sig: string};
  test.each(wycheproof<Signed>("ecdsa_p256_sha256_p1363"))("tcId $tcId", async (given) => {
    const point = fromHex(given.publicKey);
    const key = await keyFromPoint(point.slice(1, 33), point.slice(33));
    if (key === null) throw new Error("not a point");
    const isRight = await isSignedBy(key, fromHex(given.sig), fromHex(given.msg));
    // The larger s may be refused, lest the two values tell wallets apart.
    const hasHighS = BigInt(`0x${given.sig.slice(64) || "0"}`) > HALF_OF_P256_ORDER;
    if (given.result === "valid" && hasHighS) return;
    expect(isRight).toBe(given.result === "valid");
  });
});

describe("a signature of RSA-PSS is right or wrong as the vector says:", () => {
  type Signed = {modulus: string; msg: string; sig: string};
  test.each(wycheproof<Signed>("rsa_pss_2048_sha384_salt_48"))("tcId $tcId", async (given) => {
    const modulus = fromHex(given.modulus).slice(-256);
    const isRight = await isSigned(modulus, fromHex(given.sig), fromHex(given.msg));
    expect(isRight).toBe(given.result === "valid");
  });
});

describe("a JWS of others", () => {
  type Signed = {jws: string; key: (Jwk & {alg?: string}) | null};
  const cases = wycheproof<Signed>("jws");
  const ours = cases.filter(({key}) => key?.alg === "ES256");

  async function keyOf(jwk: Jwk | null | undefined): Promise<CryptoKey> {
    const key = jwk ? await keyFromJwk(jwk) : null;
    if (key === null) throw new Error("not a key");
    return key;
  }

  test.each(cases)("is never one of ours: tcId $tcId", async ({jws, key}) => {
    const publicKey = await keyOf(key ?? ours[0]?.key);
    const verified = TYPS.map(async (typ) => verifyJws(parseJws(jws), typ, publicKey));
    for (const payload of await Promise.all(verified).catch(() => [])) expect(payload).toBeNull();
  });

  test.each(ours)("with a typ would be judged by its signature: tcId $tcId", async (given) => {
    const [typ = "qupia-trust+jwt"] = TYPS;
    const isRight = await judged(given.jws, typ, await keyOf(given.key)).catch(() => false);
    expect(isRight).toBe(given.result === "valid");
  });

  /** Payloads are left as they are: few of these are JSON, which comes before the signature. */
  async function judged(text: string, typ: Typ, key: CryptoKey): Promise<boolean> {
    const [header = "", payload = "", signature, ...more] = text.split(".");
    if (signature === undefined || more.length > 0) return false;
    const cut = {
      unverifiedHeader: {...parseJsonObject(b64urlDecode(header)), typ},
      unverifiedPayload: {},
      signed: ascii(`${header}.${payload}`),
      signature: b64urlDecode(signature),
    };
    return (await verifyJws(cut, typ, key)) !== null;
  }
});

describe("a public key of X25519 is used unless its flag is in the table:", () => {
  type Exchange = {public: string; private: string; shared: string};
  const refused = stricter("x25519");
  test.each(wycheproof<Exchange>("x25519"))("tcId $tcId", (given) => {
    const key = fromHex(given.public);
    if (given.flags.some((flag) => refused.includes(flag))) {
      expect(given.result).toBe("acceptable");
      expect(() => checkPublicKey(key)).toThrow(/^(not a key|a key of low order)$/);
    } else {
      checkPublicKey(key);
      expect(hex(x25519.getSharedSecret(fromHex(given.private), key) as typeof key)).toBe(
        given.shared,
      );
    }
  });
});

describe("a key of an hour is derived by HKDF:", () => {
  type Derived = {ikm: string; salt: string; info: string; size: number; okm: string};
  const cases = wycheproof<Derived>("hkdf_sha256").filter(({ikm, salt}) => {
    return salt === "" && ikm.length === 2 * KEY_BYTES;
  });
  test.each(cases)("tcId $tcId", async ({ikm, info, size, okm}) => {
    const key = await deriveHourKey(fromHex(ikm), 0, fromHex(info));
    const length = Math.min(size, KEY_BYTES);
    expect(hex(key.slice(0, length))).toBe(okm.slice(0, 2 * length));
  });

  test("there are some", () => expect(cases.length).toBeGreaterThan(5));
});

describe("what is sealed with AES-128-GCM is opened only if nothing was changed:", () => {
  type Sealed = Record<"key" | "iv" | "aad" | "msg" | "ct" | "tag", string> & {keySize: number};
  const cases = wycheproof<Sealed>("aes_gcm_nonce_96").filter(({keySize}) => keySize === 128);
  test.each(cases)("tcId $tcId", async (given) => {
    const context = new Aes128Gcm().createEncryptionContext(fromHex(given.key).buffer);
    const [iv, aad, plain] = [fromHex(given.iv), fromHex(given.aad), fromHex(given.msg)];
    const sealed = concat(fromHex(given.ct), fromHex(given.tag));
    const opened = context.open(iv.buffer, sealed.buffer, aad.buffer);
    if (given.result === "invalid") {
      await expect(opened).rejects.toThrow();
    } else {
      expect(hex(new Uint8Array(await opened))).toBe(given.msg);
      const anew = await context.seal(iv.buffer, plain.buffer, aad.buffer);
      expect(new Uint8Array(anew)).toEqual(sealed);
    }
  });
});
