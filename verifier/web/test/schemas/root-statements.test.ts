/** The walk along root statements: whom a client believes, and where it stops. */

import {beforeAll, describe, expect, test} from "vitest";
import {BundleRejected} from "../../src/schemas/bundle-faults.ts";
import {walkChain} from "../../src/schemas/root-statements.ts";
import {
  anchorOf,
  type Json,
  Key,
  keys,
  logOf,
  type SignedStatement,
  signStatement,
  statement,
  witnessed,
} from "../authority.ts";
import {Signer} from "../log.ts";

const DAY = 86_400;
const log = logOf();
let roots: Key[] = [];
let signer: Key;
let first: SignedStatement;

beforeAll(async () => {
  roots = await keys(4);
  signer = await Key.make();
  first = await signStatement(members(), [root(0)]);
});

const root = (at: number): Key => roots[at] as Key;
const jwks = (...at: number[]) => at.map((place) => root(place).jwk);
const members = (others: Json = {}): Json => statement(root(0), signer, log, others);

async function faultOf(
  chain: readonly unknown[],
  anchor = anchorOf(first),
): Promise<string | null> {
  const walked = walkChain(chain, anchor);
  return walked.then(
    () => null,
    (error) => {
      if (error instanceof BundleRejected) return error.fault;
      throw error;
    },
  );
}

const next = (others: Json, by: readonly Key[] = [root(0)], header: Json = {}) =>
  signStatement(members({version: 2, ...others}), by, header);

describe("the pinned statement", () => {
  test("is found wherever it stands, and those before it are not verified", async () => {
    const second = await next({});
    const forged = await signStatement(members(), [root(3)]);
    const {last, before} = await walkChain([forged, second], anchorOf(second));
    expect(last.version).toBe(2);
    expect(before).toBeNull();
    expect(await faultOf([forged, second])).toBe("unknown_root");
  });

  test("must be there and be signed by its own roots", async () => {
    expect(await faultOf([await next({})])).toBe("unknown_root");
    expect(await faultOf([])).toBe("broken_chain");
    const {payload} = first;
    expect(await faultOf([{payload, signatures: []}])).toBe("unknown_root");
    const other = await next({});
    expect(await faultOf([{payload, signatures: other.signatures}])).toBe("unknown_root");
  });

  test("needs as many different roots as it says", async () => {
    const of = members({threshold: 2, roots: jwks(0, 1, 2)});
    const two = await signStatement(of, [root(0), root(2), root(3)]);
    expect(await faultOf([two], anchorOf(two))).toBeNull();
    const one = await signStatement(of, [root(0), root(0), root(3)]);
    expect(await faultOf([one], anchorOf(one))).toBe("unknown_root");
  });

  test("is refused for one wrong signature of a root of its own, among right ones", async () => {
    const of = members({threshold: 1, roots: jwks(0, 1)});
    const two = await signStatement(of, [root(0), root(1)]);
    const wrong = {...two.signatures[1], signature: two.signatures[0]?.signature};
    const spoilt = {payload: two.payload, signatures: [two.signatures[0], wrong]};
    expect(await faultOf([spoilt], anchorOf(two))).toBe("unknown_root");
  });
});

describe("the next statement", () => {
  const cases: [string, Json, number[], string | null][] = [
    ["with nothing but another version", {}, [0], null],
    ["signed by nobody that counts", {}, [1], "broken_chain"],
    ["of a version left out", {version: 3}, [0], "broken_chain"],
    ["of the same version", {version: 1}, [0], "broken_chain"],
    ["with an earlier sunset", {sunset: 1_790_000_000 + DAY}, [0], null],
    ["with a later sunset", {sunset: 1_790_000_000 + 181 * DAY}, [0], "sunset_later"],
  ];
  test.each(cases)("%s", async (_, others, by, fault) => {
    expect(await faultOf([first, await next(others, by.map(root))])).toBe(fault);
  });

  test("that changes the roots is signed by both sets", async () => {
    const others = () => ({roots: jwks(1, 2), threshold: 2});
    const of = (...by: number[]) => next(others(), by.map(root));
    expect(await faultOf([first, await of(0, 1, 2)])).toBeNull();
    expect(await faultOf([first, await of(0, 1)])).toBe("broken_chain");
    expect(await faultOf([first, await of(1, 2)])).toBe("broken_chain");
  });

  test("that changes the threshold alone is signed by as many as it says", async () => {
    const begin = await signStatement(members({roots: jwks(0, 1), threshold: 1}), [root(0)]);
    const others = {roots: jwks(1, 0), threshold: 2};
    const anchor = anchorOf(begin);
    expect(await faultOf([begin, await next(others, [root(0)])], anchor)).toBe("broken_chain");
    expect(await faultOf([begin, await next(others, [root(0), root(1)])], anchor)).toBeNull();
  });

  test("has a log of the next number exactly when it has another key", async () => {
    const of = async (vkey: string) => faultOf([first, await next({log: vkey})]);
    expect(await of(logOf(2, 2).signer.vkey)).toBeNull();
    expect(await of(logOf(1, 2).signer.vkey)).toBe("broken_chain");
    expect(await of(logOf(3, 2).signer.vkey)).toBe("broken_chain");
    expect(await of(logOf(2, 1).signer.vkey)).toBe("broken_chain");
    const foreign = new Signer("other.example/.well-known/qupia/log/2", 1, 2);
    expect(await of(foreign.vkey)).toBe("broken_chain");
  });
});

describe("a statement of another form breaks the chain:", () => {
  const witness = new Signer("witness.example", 4, 7);
  const payloads: [string, (jwk: Json) => Json][] = [
    ["no roots", () => ({roots: []})],
    ["a root twice", (jwk) => ({roots: [jwk, jwk]})],
    ["a private root", (jwk) => ({roots: [{...jwk, d: jwk.x}]})],
    ["a root off the curve", (jwk) => ({roots: [{...jwk, x: jwk.y}]})],
    ["a threshold of none", () => ({threshold: 0})],
    ["a threshold above the roots", () => ({threshold: 2})],
    ["a quorum above the witnesses", () => ({quorum: 1})],
    ["a signer of 36 days", (jwk) => ({signers: [{...jwk, nbf: 0, exp: 36 * DAY}]})],
    ["a signer twice", (jwk) => ({signers: [1, 2].map((exp) => ({...jwk, nbf: 0, exp}))})],
    ["no log", () => ({log: null})],
    ["a cosigner's key for the log", () => ({log: witness.vkey})],
    ["a log of another path", () => ({log: new Signer("qupia.example/log/1", 1).vkey})],
    ["a log without a number", () => ({log: logOf(0).signer.vkey})],
    ["a log's key for a witness", () => ({witnesses: witnessed(logOf(2, 2).signer)})],
    ["the log as its own witness", () => ({witnesses: witnessed(new Signer("w", 4, 1))})],
    ["a witness twice", () => ({witnesses: witnessed(witness, new Signer("w", 4, 7))})],
    ["no sunset", () => ({sunset: undefined})],
  ];
  test.each(payloads)("%s", async (_, spoil) => {
    const spoilt = await next(spoil(root(0).jwk as unknown as Json));
    expect(await faultOf([first, spoilt])).toBe("broken_chain");
    expect(await faultOf([spoilt, first])).toBe("broken_chain");
  });

  const forms: [string, (signed: SignedStatement) => unknown][] = [
    ["another member", (signed) => ({...signed, header: {}})],
    ["no signatures", ({payload}) => ({payload})],
    [
      "a header beside",
      ({payload, signatures}) => ({
        payload,
        signatures: signatures.map((one) => ({...one, header: {}})),
      }),
    ],
    [
      "a compact JWS",
      ({payload, signatures: [one]}) => `${one?.protected}.${payload}.${one?.signature}`,
    ],
  ];
  test.each(forms)("%s", async (_, spoil) => {
    expect(await faultOf([spoil(first)])).toBe("broken_chain");
  });

  test.each([{crit: []}, {jwk: {}}, {kid: 1}, {alg: "none"}, {typ: "qupia-trust+jwt"}])(
    "a protected header with %j",
    async (header) => {
      expect(await faultOf([first, await next({}, [root(0)], header)])).toBe("broken_chain");
    },
  );
});
