/** Bundles against all that is known: what is taken, what is not, and for which reason. */

import {beforeAll, beforeEach, describe, expect, test} from "vitest";
import {passKeysOf} from "../../src/schemas/bundle.ts";
import {BundleRejected} from "../../src/schemas/bundle-faults.ts";
import type {Bytes} from "../../src/schemas/encoding.ts";
import {joinCarried} from "../../src/schemas/log/entries.ts";
import {
  type Accepted,
  acceptBundle,
  missingLeaves,
  pinned,
  type TrustState,
  type VerifiedBundle,
} from "../../src/schemas/trust.ts";
import {
  anchorOf,
  bundle,
  bundleEntry,
  entryOf,
  type Json,
  Key,
  logOf,
  NOW,
  passKey,
  type SignedStatement,
  signBundle,
  signStatement,
  statement,
  utf8,
  witnessed,
} from "../authority.ts";
import {type Log, Signer} from "../log.ts";

const DAY = 86_400;
const base64url = (data: Uint8Array) => Buffer.from(data).toString("base64url");

let [root, signer, other]: Key[] = [];
let log: Log;
let statements: SignedStatement[];

beforeAll(async () => {
  [root, signer, other] = await Promise.all([Key.make(), Key.make(), Key.make()]);
});

beforeEach(async () => {
  log = logOf();
  statements = [await signStatement(members(), [rootKey()])];
});

const rootKey = (): Key => root as Key;
const signerKey = (): Key => signer as Key;
const members = (others: Json = {}): Json => statement(rootKey(), signerKey(), log, others);

/** A JWS, added to a log. */
interface Made {
  readonly jws: Bytes;
  readonly index: number;
}

/** Make a bundle that goes on from the last entry, and add it to the log. */
async function make(others: Json = {}, into = log): Promise<Made> {
  const previous = into.last && base64url(into.last);
  const jws = await signBundle(await bundle(statements, {previous, ...others}), signerKey());
  return {jws, index: into.add(bundleEntry(jws))};
}

/** What a client has. */
class Client {
  state: TrustState;
  held: VerifiedBundle | null = null;

  constructor() {
    this.state = pinned(anchorOf(statements[0] as SignedStatement));
  }

  async take(data: Bytes, leaves: readonly Bytes[] | null = null, now = NOW): Promise<Accepted> {
    const accepted = await acceptBundle(data, this.state, this.held, now, leaves);
    [this.state, this.held] = [accepted.state, accepted.found];
    return accepted;
  }

  /** The fault of a bundle, which changes nothing; null where it is taken. */
  async offer(data: Bytes, leaves: readonly Bytes[] | null = null): Promise<string | null> {
    const before = {...this.state};
    try {
      await this.take(data, leaves);
      return null;
    } catch (error) {
      if (!(error instanceof BundleRejected)) throw error;
      expect(this.state).toEqual(before);
      return error.fault;
    }
  }
}

/** A client that holds the first bundle of the log. */
async function begun(others: Json = {}): Promise<[Client, Made]> {
  const [client, made] = [new Client(), await make(others)];
  await client.take(log.carry(made.jws, made.index));
  return [client, made];
}

describe("the first bundle", () => {
  test("is taken with all that is pinned and remembered", async () => {
    const [{state, held}, {jws}] = await begun();
    expect(state.pins?.tokenIssuer).toBe("qupia.example");
    expect(state).toMatchObject({sunset: NOW + 180 * DAY, rootVersion: 1, version: 1});
    expect(state.digest).toBe(base64url(bundleEntry(jws)));
    expect(state.log).toMatchObject({key: log.signer.vkey, size: 1n});
    expect(state.logReplaced).toBe(false);
    expect(held?.bundle.sunset).toBe(state.sunset);
  });

  test("needs a proof of its own, in the log of the statement", async () => {
    const made = await make();
    const client = new Client();
    expect(await client.offer(made.jws)).toBe("not_in_log");
    const another = await make({version: 2});
    expect(await client.offer(log.carry(made.jws, another.index))).toBe("not_in_log");
    const stranger = logOf(1, 2);
    stranger.add(bundleEntry(made.jws));
    expect(await client.offer(stranger.carry(made.jws, 0))).toBe("not_in_log");
    expect(await client.offer(log.carry(made.jws, made.index))).toBeNull();
  });

  test("is no bundle where it is no JWS, with or without a proof", async () => {
    const {index} = await make();
    const client = new Client();
    expect(await client.offer(log.carry(utf8("a.b.c"), index))).toBe("not_a_bundle");
    expect(await client.offer(utf8("<!doctype html>\n\n<p>"))).toBe("not_a_bundle");
    expect(await client.offer(new Uint8Array(4_000_001))).toBe("too_large");
  });

  test("names the entry before it in one spelling", async () => {
    const {jws, index} = await make({previous: `${"A".repeat(42)}B`});
    expect(await new Client().offer(log.carry(jws, index))).toBe("not_a_bundle");
  });

  test("is of the issuer that the log is named after", async () => {
    const {jws, index} = await make({token_issuer: "other.example"});
    expect(await new Client().offer(log.carry(jws, index))).toBe("not_in_log");
  });

  test("needs the quorum of the statement's witnesses", async () => {
    const [one, two] = [new Signer("one.example", 4, 8), new Signer("two.example", 4, 9)];
    const stranger = new Signer("three.example", 4, 10);
    const of = members({witnesses: witnessed(one, two), quorum: 2});
    statements = [await signStatement(of, [rootKey()])];
    const {jws, index} = await make();
    const client = new Client();
    expect(await client.offer(log.carry(jws, index, 1, [one, stranger]))).toBe("not_cosigned");
    expect(await client.offer(log.carry(jws, index, 1, [one, one]))).toBe("not_cosigned");
    expect(await client.offer(log.carry(jws, index, 1, [one, stranger, two]))).toBeNull();
  });

  test("is signed by a signer of the last statement, and not over", async () => {
    const {jws, index} = await make();
    const data = log.carry(jws, index);
    const client = new Client();
    await expect(client.take(data, null, NOW + 4 * DAY)).rejects.toThrow("expired");
    await expect(client.take(data, null, NOW + 30 * DAY)).rejects.toThrow("unknown_signer");
    const forged = await signBundle(await bundle(statements), other as Key);
    const place = log.add(bundleEntry(forged));
    expect(await client.offer(log.carry(forged, place))).toBe("unknown_signer");
  });
});

describe("a later bundle", () => {
  test("is taken, and a lower version under the same statements changes nothing", async () => {
    const [client, first] = await begun();
    const second = await make({version: 2});
    await client.take(log.carry(second.jws, second.index));
    expect(client.state.version).toBe(2);
    expect(client.state.log?.size).toBe(2n);
    const before = {...client.state};
    const again = await client.take(log.carry(first.jws, first.index, 1));
    expect(again.found.digest).toBe(before.digest);
    expect(client.state).toEqual(before);
  });

  test("changes no pin", async () => {
    const [client] = await begun();
    const {jws, index} = await make({version: 2, batch_size: 9});
    expect(await client.offer(log.carry(jws, index))).toBe("pin_changed");
  });

  test("that is the next entry names the one that is held", async () => {
    const [client] = await begun();
    const {jws, index} = await make({version: 2, previous: base64url(new Uint8Array(32))});
    expect(await client.offer(log.carry(jws, index))).toBe("split_view");
  });

  test("after entries that were missed may name another one", async () => {
    const [client] = await begun();
    log.fill(3);
    const {jws, index} = await make({version: 5, previous: base64url(new Uint8Array(32))});
    expect(await client.offer(log.carry(jws, index))).toBeNull();
  });
});

describe("the same version", () => {
  test("with a newer proof replaces the older proof alone", async () => {
    const [client, {jws, index}] = await begun();
    log.fill(2);
    const newer = log.carry(jws, index);
    await client.take(newer);
    expect(client.held?.data).toEqual(newer);
    expect(client.state.log?.size).toBe(3n);
    await client.take(log.carry(jws, index, 2));
    expect(client.held?.data).toEqual(newer);
    expect(client.state.log?.size).toBe(3n);
  });

  test("under another signature is nothing", async () => {
    const [client, {jws}] = await begun();
    const again = await make({previous: null});
    expect(again.jws).not.toEqual(jws);
    await client.take(log.carry(again.jws, again.index));
    expect(client.held?.jws).toEqual(jws);
  });

  test("with another payload is a split view, once it is found in the log", async () => {
    const [client] = await begun();
    const {jws, index} = await make({iat: NOW + 1});
    const data = log.carry(jws, index);
    const wrong = joinCarried({jws, proof: log.proof(0)});
    expect(await client.offer(wrong)).toBe("not_in_log");
    expect(await client.offer(data)).toBe("split_view");
  });
});

describe("a log", () => {
  test("that puts another entry in the place of the held one is a split view", async () => {
    const [client] = await begun();
    const forked = logOf().fill(2);
    const {jws, index} = await make({version: 2}, forked);
    expect(await client.offer(forked.carry(jws, index))).toBe("split_view");
  });

  test("that has another tree at the remembered size is a split view", async () => {
    const [client, {jws, index}] = await begun();
    log.fill(3);
    await client.take(log.carry(jws, index));
    const forked = logOf();
    forked.add(bundleEntry(jws));
    const next = await make({version: 2}, forked);
    forked.fill(4);
    expect(await client.offer(forked.carry(next.jws, next.index))).toBe("split_view");
  });

  test("whose proof tells another end than its checkpoint is a split view at once", async () => {
    const client = new Client();
    const {jws, index} = await make();
    log.fill(1);
    const proof = new TextDecoder().decode(log.proof(index));
    const extra = log.extra().map((byte, at) => (at === 8 ? byte ^ 1 : byte));
    const spoilt = proof.replace(/extra .*/, `extra ${Buffer.from(extra).toString("base64")}`);
    expect(await client.offer(joinCarried({jws, proof: utf8(spoilt)}))).toBe("split_view");
  });

  test("that is smaller than remembered is compared by the proof that is held", async () => {
    const [client, first] = await begun();
    const second = await make({version: 2});
    log.fill(3);
    await client.take(log.carry(first.jws, first.index));
    const late = await client.take(log.carry(second.jws, second.index, 2));
    expect(late.warnings).toEqual([]);
    expect(client.state.log?.size).toBe(5n);
    const [again, {jws, index}] = await begun();
    log.fill(9);
    await again.take(log.carry(jws, index));
    const forked = logOf().fill(3);
    const other = await make({version: 2}, forked);
    expect(await again.offer(forked.carry(other.jws, other.index))).toBe("split_view");
  });
});

describe("a client that was away for over a week of bundles", () => {
  async function away(into = log): Promise<[Client, Bytes]> {
    const [client] = await begun();
    if (into !== log) into.fill(1);
    into.fill(60);
    const {jws, index} = await make({version: 60}, into);
    return [client, into.carry(jws, index)];
  }

  test("goes on with a warning, and says what it misses", async () => {
    const [client, data] = await away();
    const origin = "qupia.example/.well-known/qupia/log/1";
    expect(missingLeaves(data, client.state)).toEqual({origin, size: 62n});
    expect((await client.take(data)).warnings).toEqual(["continuity_unknown"]);
    // The tree of before is remembered until it can be compared.
    expect(client.state.log?.size).toBe(1n);
    expect(missingLeaves(data, client.state)).toEqual({origin, size: 62n});
    expect((await client.take(data, log.leaves)).warnings).toEqual([]);
    expect(client.state.log?.size).toBe(62n);
    expect(missingLeaves(data, client.state)).toBeNull();
  });

  test("goes on without one where the log's leaves lead to both roots", async () => {
    const [client, data] = await away();
    expect((await client.take(data, log.leaves)).warnings).toEqual([]);
  });

  test("sees by the leaves that the log has forked", async () => {
    const forked = logOf();
    const [client, data] = await away(forked);
    expect(await client.offer(data, forked.leaves)).toBe("log_forked");
  });

  test("learns nothing from leaves that are not those of the new tree", async () => {
    const [client, data] = await away(logOf());
    const old = log.fill(61).leaves;
    for (const leaves of [old, old.slice(1), [...old, ...old.slice(-1)]]) {
      expect((await client.take(data, leaves)).warnings).toEqual(["continuity_unknown"]);
    }
  });
});

describe("keys", () => {
  const replacing = async (others: Json = {}) => {
    const {pass_keys} = await bundle(statements);
    const [old, ...rest] = pass_keys as Json[];
    const fresh = await passKey("another", "green", NOW);
    return {old: old as Json, members: {version: 2, pass_keys: [fresh, ...rest], ...others}};
  };

  test("that change unsaid in a cell are replaced keys", async () => {
    const [client] = await begun();
    log.fill(1);
    const {jws, index} = await make((await replacing()).members);
    expect(await client.offer(log.carry(jws, index))).toBe("keys_replaced");
  });

  test("that are retired may change", async () => {
    const [client] = await begun();
    log.fill(1);
    const {old, members: others} = await replacing();
    const {jws, index} = await make({...others, retired: [{id: old.id, at: NOW}]});
    expect(await client.offer(log.carry(jws, index))).toBeNull();
    expect([...(client.held?.bundle.byPrefix.values() ?? [])]).toContain(null);
  });

  test("are replaced where only an id that begins alike is retired", async () => {
    const [client] = await begun();
    log.fill(1);
    const {old, members: others} = await replacing();
    const alike = `${String(old.id).slice(0, 20)}${"A".repeat(23)}`;
    const {jws, index} = await make({...others, retired: [{id: alike, at: NOW}]});
    expect(await client.offer(log.carry(jws, index))).toBe("keys_replaced");
  });

  test("that are about to be retired stay until their time", async () => {
    const [client] = await begun();
    log.fill(1);
    const {old, members: others} = await replacing();
    const retired = [{id: old.id, at: NOW + 3600}];
    const {jws, index} = await make({...others, retired, retiring: [old]});
    expect(await client.offer(log.carry(jws, index))).toBeNull();
    const {bundle: taken} = client.held as VerifiedBundle;
    expect([...taken.byPrefix.values()].filter((key) => key !== null).length).toBe(9);
    expect([...taken.retired.values()]).toEqual([NOW + 3600]);
    expect(passKeysOf(taken).length).toBe(8);
  });

  test.each([
    ["tracing", "hour"],
    ["tracing_exports", "day"],
  ])("of %s may come and go, and stay the same meanwhile", async (name, unit) => {
    const entry = (time: number, byte: number) => ({
      [unit]: time,
      x: base64url(new Uint8Array(32).fill(byte)),
    });
    const [client] = await begun({[name]: [entry(1, 1), entry(2, 2)]});
    log.fill(1);
    const moved = await make({version: 2, [name]: [entry(2, 3)]});
    expect(await client.offer(log.carry(moved.jws, moved.index))).toBe("keys_replaced");
    const kept = await make({version: 2, [name]: [entry(2, 2), entry(3, 3)]});
    expect(await client.offer(log.carry(kept.jws, kept.index))).toBeNull();
  });
});

describe("a new statement", () => {
  const follow = async (others: Json, by = [rootKey()]) => {
    statements = [...statements, await signStatement(members({version: 2, ...others}), by)];
  };

  test("resets the floor of versions and nothing else", async () => {
    const [client, first] = await begun({version: 7});
    await follow({});
    const wrong = await make({version: 1, previous: base64url(new Uint8Array(32))});
    expect(await client.offer(log.carry(wrong.jws, wrong.index))).toBe("split_view");
    const {jws, index} = await make({version: 1});
    expect(await client.offer(log.carry(jws, index))).toBeNull();
    expect(client.state).toMatchObject({rootVersion: 2, version: 1, logReplaced: false});
    expect(await client.offer(log.carry(first.jws, first.index))).toBe("rollback");
  });

  test("in the place of one that was seen is a split view", async () => {
    const [client] = await begun();
    await follow({});
    const second = await make();
    await client.take(log.carry(second.jws, second.index));
    const [pinnedStatement] = statements as [SignedStatement];
    statements = [pinnedStatement];
    await follow({sunset: NOW + DAY});
    const {jws, index} = await make({version: 2});
    expect(await client.offer(log.carry(jws, index))).toBe("split_view");
  });

  test("signed anew with the same payload is the same", async () => {
    const [client] = await begun();
    statements = [await signStatement(members(), [rootKey(), other as Key])];
    const {jws, index} = await make({version: 2});
    expect(await client.offer(log.carry(jws, index))).toBeNull();
  });

  test("moves the sunset to an earlier time", async () => {
    const [client] = await begun();
    await follow({sunset: NOW + DAY});
    const {jws, index} = await make();
    await client.take(log.carry(jws, index));
    expect(client.state.sunset).toBe(NOW + DAY);
    expect(client.held?.bundle.sunset).toBe(NOW + DAY);
  });

  describe("that begins another log", () => {
    const fresh = () => logOf(2, 2);
    const begin = async (handover: (old: Log) => string | undefined) => {
      const [client] = await begun();
      const [old, next] = [log, fresh()];
      await follow({log: next.signer.vkey});
      const made = await make({handover: handover(old)}, next);
      return {client, data: next.carry(made.jws, made.index), next};
    };
    const proofIn = (old: Log): string => {
      const index = old.add(entryOf(statements[1] as SignedStatement));
      return new TextDecoder().decode(old.proof(index));
    };

    test("is handed over by a proof in the log before", async () => {
      const {client, data, next} = await begin(proofIn);
      expect((await client.take(data)).warnings).toEqual([]);
      expect(client.state.logReplaced).toBe(false);
      expect(client.state.log?.key).toBe(next.signer.vkey);
    });

    test("counts without one, and a person is told until it was read", async () => {
      const {client, data, next} = await begin(() => undefined);
      expect((await client.take(data)).warnings).toEqual(["log_replaced"]);
      expect(client.state.logReplaced).toBe(true);
      client.state = {...client.state, logReplaced: false};
      const later = await make({version: 2}, next.fill(1));
      expect((await client.take(next.carry(later.jws, later.index))).warnings).toEqual([]);
    });

    test.each([
      ["of another entry", (old: Log) => new TextDecoder().decode(old.proof(0))],
      ["that is none", () => "proof"],
    ])("is not in the log with a proof %s", async (_, handover) => {
      const {client, data} = await begin(handover);
      expect(await client.offer(data)).toBe("not_in_log");
    });
  });

  test("that changes who witnesses is handed over, too, under the quorum before", async () => {
    const witness = new Signer("one.example", 4, 8);
    statements = [
      await signStatement(members({witnesses: witnessed(witness), quorum: 1}), [rootKey()]),
    ];
    const first = await make();
    const client = new Client();
    await client.take(log.carry(first.jws, first.index, 1, [witness]));
    await follow({});
    const place = log.add(entryOf(statements[1] as SignedStatement));
    const handover = (cosigners: Signer[]) =>
      new TextDecoder().decode(log.proof(place, 2, cosigners));
    const alone = await make({handover: handover([])});
    expect(await client.offer(log.carry(alone.jws, alone.index))).toBe("not_cosigned");
    const {jws, index} = await make({handover: handover([witness])});
    expect(await client.offer(log.carry(jws, index))).toBeNull();
    expect(client.state.logReplaced).toBe(false);
  });
});
