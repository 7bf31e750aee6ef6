/** Root statements and bundles, made for tests alone: small, true by default, easy to spoil. */

import {createHash, webcrypto} from "node:crypto";
import {type Bytes, b64urlEncode} from "../src/schemas/encoding.ts";
import {type Jwk, thumbprint} from "../src/schemas/jwk.ts";
import {tokenKeyId} from "../src/schemas/token.ts";
import {Log, type Signer} from "./log.ts";

const CURVE = {name: "ECDSA", namedCurve: "P-256"};
const DAY = 86_400;

/** Now, for whoever tests: the first second of a window. */
export const NOW = 1_790_000_000;
export const ISS = "https://qupia.example";
export const TOKEN_ISSUER = "qupia.example";

export type Json = Record<string, unknown>;

export interface SignedStatement {
  readonly payload: string;
  readonly signatures: readonly {readonly protected: string; readonly signature: string}[];
}

export const utf8 = (text: string): Bytes => new TextEncoder().encode(text);
const hash = (data: string | Uint8Array): Bytes =>
  Uint8Array.from(createHash("sha256").update(data).digest());

/** A P-256 key that signs JWS. */
export class Key {
  readonly jwk: Jwk;
  readonly kid: string;
  readonly #private: webcrypto.CryptoKey;

  private constructor(jwk: Jwk, kid: string, secret: webcrypto.CryptoKey) {
    [this.jwk, this.kid, this.#private] = [jwk, kid, secret];
  }

  static async make(): Promise<Key> {
    const pair = await webcrypto.subtle.generateKey(CURVE, true, ["sign", "verify"]);
    const {kty, crv, x, y} = await webcrypto.subtle.exportKey("jwk", pair.publicKey);
    const jwk = {kty, crv, x, y} as Jwk;
    return new Key(jwk, await thumbprint(jwk), pair.privateKey);
  }

  /** The compact JWS of a payload that is base64url already. */
  async sign(payload: string, typ: string, header: Json = {}): Promise<string> {
    const head = b64urlEncode(utf8(JSON.stringify({alg: "ES256", kid: this.kid, typ, ...header})));
    const how = {name: "ECDSA", hash: "SHA-256"};
    const signature = await webcrypto.subtle.sign(how, this.#private, utf8(`${head}.${payload}`));
    return `${head}.${payload}.${b64urlEncode(new Uint8Array(signature))}`;
  }
}

export const keys = (count: number): Promise<Key[]> =>
  Promise.all(Array.from({length: count}, () => Key.make()));

export const payloadOf = ({payload}: SignedStatement): Bytes =>
  Uint8Array.from(Buffer.from(payload, "base64url"));

export const anchorOf = (statement: SignedStatement): string =>
  b64urlEncode(hash(Buffer.concat([utf8("qupia-anchor-v1"), payloadOf(statement)])));

/** The entry of a statement in the log of the one before. */
export const entryOf = (statement: SignedStatement): Bytes =>
  hash(Buffer.concat([utf8("qupia-root-v1"), payloadOf(statement)]));

export async function signStatement(
  members: Json,
  by: readonly Key[],
  header: Json = {},
): Promise<SignedStatement> {
  const payload = b64urlEncode(utf8(JSON.stringify(members)));
  const signatures = [];
  for (const key of by) {
    const [head = "", , signature = ""] = (await key.sign(payload, "qupia-root+jwt", header)).split(
      ".",
    );
    signatures.push({protected: head, signature});
  }
  return {payload, signatures};
}

/** The members of a statement: one root that signs alone, no witness. */
export function statement(root: Key, signer: Key, log: Log, members: Json = {}): Json {
  return {
    version: 1,
    threshold: 1,
    roots: [root.jwk],
    signers: [{...signer.jwk, nbf: NOW - DAY, exp: NOW + 30 * DAY}],
    sunset: NOW + 180 * DAY,
    log: log.signer.vkey,
    witnesses: [],
    quorum: 0,
    ...members,
  };
}

export const witnessed = (...cosigners: readonly Signer[]): Json[] =>
  cosigners.map(({vkey}, at) => ({key: vkey, url: `https://witness.example/${at}`}));

/** A log of this authority, of that number. */
export const logOf = (number = 1, seed = 1): Log =>
  new Log(`${TOKEN_ISSUER}/.well-known/qupia/log/${number}`, seed);

/** A cell of the grid whose key is made from a word: nobody has its private half. */
export async function passKey(word: string, status: string, nbf: number): Promise<Json> {
  const parts = Array.from({length: 8}, (_, at) => hash(`${word}/${at}`));
  const modulus = Uint8Array.from(Buffer.concat(parts));
  modulus[0] = Number(modulus[0]) | 0x80;
  modulus[255] = Number(modulus[255]) | 1;
  const id = b64urlEncode(await tokenKeyId(modulus));
  return {id, n: b64urlEncode(modulus), status, holder: null, nbf, exp: nbf + DAY};
}

/** The payload of a bundle: two statuses, no hints, four windows. */
export async function bundle(
  delegations: readonly SignedStatement[],
  members: Json = {},
): Promise<Json> {
  const cells = [0, 1, 2, 3].flatMap((day) =>
    ["green", "blue"].map((status) => [day, status] as const),
  );
  const passKeys = cells.map(([day, status]) =>
    passKey(`${day}${status}`, status, NOW + day * DAY),
  );
  return {
    iss: ISS,
    name: {kk: "Орган", ru: "Орган", en: "Authority"},
    token_issuer: TOKEN_ISSUER,
    version: 1,
    iat: NOW,
    exp: NOW + 3 * DAY + 1,
    previous: null,
    delegations,
    batch_size: 8,
    hint: "none",
    pass_keys: await Promise.all(passKeys),
    paper_keys: [],
    service_keys: [],
    statuses: [
      {id: "green", name: {kk: "Жасыл", ru: "Зелёный", en: "Green"}, colour: "#1b7f3b"},
      {id: "blue", name: {kk: "Көк", ru: "Синий", en: "Blue"}, colour: "#1f5fbf"},
    ],
    policies: [
      {
        id: "everyone",
        name: {kk: "Барлығы", ru: "Все", en: "All"},
        admit: ["green", "blue"],
        hint: "ask",
      },
    ],
    retired: [],
    retiring: [],
    specimen: false,
    tracing: [],
    tracing_exports: [],
    ...members,
  };
}

/** The JWS of a bundle. */
export async function signBundle(members: Json, signer: Key): Promise<Bytes> {
  const payload = b64urlEncode(utf8(JSON.stringify(members)));
  return utf8(await signer.sign(payload, "qupia-trust+jwt"));
}

/** The entry of a bundle in the log. */
export const bundleEntry = (jws: Bytes): Bytes => hash(jws);
