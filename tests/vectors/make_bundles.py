"""Makes ``tests/vectors/bundles`` anew, byte by byte the same: python -m tests.vectors.make_bundles

One file for each way in which a client takes or refuses a bundle because of what the roots say, of
the log, or of what it holds. (``odd_rules.json`` has a form and a script of its own.) A file has:

``anchor``     what the client has pinned
``before``     bundles that it was offered before and has accepted, in this order, each with its
               ``now``; the first one at its set-up
``bundle``     what it is offered now: the text of a bundle with its proof, if it has one
``now``        the client's clock, Unix seconds
``leaves``     null, or the leaf hashes of the whole log in hex, as the client has fetched them
``fault``      the name of the fault, or null
``warnings``   what a person is told although the bundle was taken
``version``    of the bundle that is in force afterwards; null where there is none
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from schemas.bundle_faults import BundleFault, TrustWarning
from schemas.encoding import b64url_decode, b64url_encode
from schemas.jws import Typ
from schemas.kinds import DAY, HOUR
from schemas.log.entries import join_carried, split_carried
from schemas.log.notes import KeyType, vkey_of
from schemas.log.tails import TAIL_LEAVES
from schemas.root_statements import parse_signed
from tests.support.keys import EcKey, ec_key
from tests.support.logs import MemoryLog, MemoryWitness, ed25519_key
from tests.support.texts import jws, signed, to_json
from tests.support.world import NOON, World, signed_statement

FOLDER = Path(__file__).parent / "bundles"
OTHERS = {"odd_rules.json"}
"""Files of this folder that another script makes."""

STRANGER = ec_key("a stranger")
WITNESSES = tuple(MemoryWitness(f"witness-{number}.example") for number in range(3))
UNKNOWN = (TrustWarning.CONTINUITY_UNKNOWN,)
REPLACED = (TrustWarning.LOG_REPLACED,)


@dataclass(frozen=True)
class Case:
    """``version`` is that of the offered bundle unless the case says another one."""

    name: str
    about: str
    bundle: bytes
    fault: BundleFault | None = None
    warnings: tuple[TrustWarning, ...] = ()
    leaves: list[bytes] | None = None
    version: int | None = None


@dataclass
class Client:
    """An authority of one status and of windows for a day, and a client that is set up with it."""

    world: World
    anchor: str = ""
    before: list[bytes] = field(default_factory=list)

    @classmethod
    def new(cls, *, is_set_up: bool = True, **members: Any) -> "Client":
        world = World(statuses=("green",), **members)
        world.life = 12 * HOUR
        client = cls(world, world.pin)
        if is_set_up:
            client.take(world.bundle(NOON))
        return client

    def take(self, bundle: bytes) -> None:
        self.before.append(bundle)

    def bundle(self, **members: Any) -> bytes:
        """The next one."""
        return self.world.bundle(NOON, **members)

    def jws(self, **members: Any) -> bytes:
        """The next one, in no log yet."""
        payload = self.world.payload(NOON, **members)
        return jws(payload, typ=Typ.TRUST, key=self.world.signer).encode()

    def states(self, *statements: dict[str, Any]) -> bytes:
        """The next bundle, under these root statements after those that there are."""
        self.world.version = 0
        return self.bundle(delegations=[*self.world.statements, *statements])

    def following(
        self, by: list[EcKey] | None = None, header: dict[str, Any] | None = None, **members: Any
    ) -> dict[str, Any]:
        """The next root statement, with some of its members replaced."""
        said = self.world.statement_members(len(self.world.statements) + 1, now=NOON) | members
        return signed_statement(said, by or self.world.roots, **(header or {}))

    def fork(self, size: int, *others: int) -> MemoryLog:
        """A log under the same key with the first ``size`` entries of it, and then others."""
        log = self.world.log.fork(size)
        for number in others:
            log.append(entry(number))
        return log


def entry(number: int) -> bytes:
    """Something that is in a log in the place of a bundle."""
    return bytes((number,)) * 32


Told = Iterator[tuple[Client, Case]]
Story = Callable[[], Told]


# What the roots say


def roots_sign() -> Told:
    def two_of_three() -> Client:
        return Client.new(roots=3, threshold=2)

    client = two_of_three()
    roots = client.world.roots
    yield (
        client,
        Case(
            "threshold_reached",
            "Two of three roots have signed.",
            client.states(client.following(roots[:2])),
        ),
    )
    client = two_of_three()
    yield (
        client,
        Case(
            "threshold_not_reached",
            "One of three roots has signed, where two must.",
            client.states(client.following(roots[:1])),
            BundleFault.BROKEN_CHAIN,
        ),
    )
    client = two_of_three()
    yield (
        client,
        Case(
            "threshold_one_root_twice",
            "One root has signed twice.",
            client.states(client.following([roots[0], roots[0]])),
            BundleFault.BROKEN_CHAIN,
        ),
    )
    client = two_of_three()
    yield (
        client,
        Case(
            "unknown_signature_ignored",
            "A signature of a key that is no root stands before those of two roots.",
            client.states(client.following([STRANGER, *roots[:2]])),
        ),
    )
    client = two_of_three()
    yield (
        client,
        Case(
            "wrong_signature_of_a_root",
            "Two roots have signed rightly, and the third wrongly.",
            client.states(with_wrong_signature(client.following(roots), 2)),
            BundleFault.BROKEN_CHAIN,
        ),
    )
    client = Client.new(is_set_up=False, roots=3, threshold=2)
    first = signed_statement(client.world.statement_members(1, now=NOON), roots[:1])
    yield (
        client,
        Case(
            "pinned_statement_not_signed",
            "The pinned statement has one signature of the two that it asks for.",
            client.bundle(delegations=[first]),
            BundleFault.UNKNOWN_ROOT,
        ),
    )
    client = two_of_three()
    again = signed_statement(client.world.statement_members(1, now=NOON), roots[1:])
    yield (
        client,
        Case(
            "same_statement_other_signatures",
            "The statement that was seen, under the signatures of other roots.",
            client.bundle(delegations=[again]),
        ),
    )


def with_wrong_signature(statement: dict[str, Any], at: int) -> dict[str, Any]:
    signatures = [dict(signature) for signature in statement["signatures"]]
    raw = bytearray(b64url_decode(signatures[at]["signature"]))
    raw[40] ^= 1
    signatures[at]["signature"] = b64url_encode(bytes(raw))
    return statement | {"signatures": signatures}


def statement_forms() -> Told:
    broken = BundleFault.BROKEN_CHAIN
    witness, log = WITNESSES[0].member, MemoryLog("qupia.example")
    as_witness = vkey_of(log.key, name="w.example", type=KeyType.COSIGNATURE).text
    forms: tuple[tuple[str, str, dict[str, Any]], ...] = (
        ("threshold_above_roots", "Two of one root.", {"threshold": 2}),
        ("root_twice", "One root twice.", {"roots": [Client.new().world.root.jwk] * 2}),
        ("quorum_above_witnesses", "A quorum of one, and no witness.", {"quorum": 1}),
        ("witness_twice", "One witness twice.", {"witnesses": [witness, witness]}),
        (
            "witness_with_the_log_s_key",
            "The log cosigns itself.",
            {"witnesses": [{"key": as_witness, "url": "https://w.example"}]},
        ),
        ("log_number_left_out", "Another key under number 3.", {"log": log_key("another", 3)}),
        ("log_number_kept", "Another key under number 1.", {"log": log_key("another", 1)}),
        ("log_key_kept", "The same key under number 2.", {"log": log_key(f"log {log.origin}", 2)}),
        (
            "log_of_another_issuer",
            "A log of another token issuer.",
            {"log": log_key("another", 2, "other.example")},
        ),
        ("version_left_out", "Version 3 after 1.", {"version": 3}),
        ("version_repeated", "Version 1 after 1.", {"version": 1}),
    )
    for name, about, members in forms:
        client = Client.new()
        data = client.states(client.following(**members))
        yield client, Case(f"statement_{name}", about, data, broken)
    for name, header in (("extra", {"extra": 1}), ("crit", {"crit": ["exp"]})):
        client = Client.new()
        data = client.states(client.following(header=header))
        about = "The header of a signature has another member."
        yield client, Case(f"statement_header_{name}", about, data, broken)
    client = Client.new()
    data = client.states(client.following() | {"header": {}})
    yield client, Case("statement_member", "A statement has another member.", data, broken)


def log_key(label: str, number: int, issuer: str = "qupia.example") -> str:
    name = f"{issuer}/.well-known/qupia/log/{number}"
    return vkey_of(ed25519_key(label), name=name, type=KeyType.ED25519).text


def chains() -> Told:
    client = Client.new(is_set_up=False)
    world = client.world
    for _ in range(2):
        world.rotate_root(NOON)
    client.anchor = parse_signed(world.statements[1]).statement.anchor
    yield (
        client,
        Case(
            "anchor_in_the_middle",
            "The pinned statement has others before it and after it.",
            client.bundle(),
        ),
    )
    client = Client.new(is_set_up=False)
    client.world.rotate_root(NOON)
    data = client.bundle(delegations=client.world.statements[1:])
    yield (
        client,
        Case("anchor_missing", "Its anchor is not there.", data, BundleFault.UNKNOWN_ROOT),
    )
    new = ec_key("a new root")
    for name, about, both in (
        ("new_root", "A new root, signed by the old one and by itself.", True),
        ("new_root_not_by_itself", "A new root, signed by the old one alone.", False),
    ):
        client = Client.new()
        world = client.world
        by = [world.root, new] if both else [world.root]
        statement = client.following(by, roots=[new.jwk])
        world.handover = world.log.proof(
            world.log.append(parse_signed(statement).statement.entry)
        ).text
        fault = None if both else BundleFault.BROKEN_CHAIN
        yield client, Case(name, about, client.states(statement), fault)
    client = Client.new()
    world = client.world
    earlier = client.following(sunset=world.sunset - DAY)
    yield client, Case("sunset_earlier", "The roots move the end.", client.states(earlier))
    client = Client.new()
    later = client.following(sunset=world.sunset + 1)
    data = client.states(later)
    about = "The roots move the end a second later."
    yield client, Case("sunset_later", about, data, BundleFault.SUNSET_LATER)


# What was seen


def versions() -> Told:
    client = Client.new()
    older = client.before[0]
    client.take(client.bundle())
    about = "A lower version under the same statements: a host lags behind."
    yield client, Case("older", about, older, version=2)
    client = Client.new()
    older = client.before[0]
    client.world.delegate(NOON)
    client.take(client.bundle())
    about = "A bundle under older statements than those that were seen."
    yield client, Case("rollback", about, older, BundleFault.ROLLBACK)
    client = Client.new()
    other = client.bundle(version=1, name={"kk": "x", "ru": "x", "en": "x"})
    about = "The version that is held, with another payload; both are in the log."
    yield client, Case("split_view_version", about, other, BundleFault.SPLIT_VIEW)
    client = Client.new(is_set_up=False)
    payload = client.world.payload(NOON)
    client.take(client.world.sign(payload))
    header = {"alg": "ES256", "kid": client.world.signer.kid, "typ": Typ.TRUST.value, "extra": 1}
    again = signed(to_json(header), to_json(payload), client.world.signer).encode()
    about = "The payload that is held, under another signature."
    yield client, Case("another_signature", about, client.world.log.carry(again))
    client = Client.new(is_set_up=False)
    client.take(client.states(client.following()))
    other = client.following(sunset=client.world.sunset - 1)
    about = "Another statement in the place of one that was seen."
    data = client.states(other)
    yield client, Case("split_view_statements", about, data, BundleFault.SPLIT_VIEW)


# In the log


def in_log() -> Told:
    missing = BundleFault.NOT_IN_LOG
    client = Client.new(is_set_up=False)
    yield client, Case("no_proof", "The JWS alone.", client.jws(), missing)
    client = Client.new()
    _, proof = split_carried(client.bundle())
    text, _ = split_carried(client.bundle())
    about = "The proof of another bundle."
    yield client, Case("proof_of_another_bundle", about, join_carried(text, proof), missing)
    client, other = Client.new(), MemoryLog("other.example")
    data = other.carry(client.jws())
    yield client, Case("proof_of_another_log", "The log of somebody else.", data, missing)
    client = Client.new(is_set_up=False)
    data = client.bundle(token_issuer="other.example")
    about = "The log that the roots name is not this token issuer's."
    yield client, Case("token_issuer_of_another_log", about, data, missing)
    client = Client.new()
    other = client.fork(1, 1)
    text, proof = split_carried(client.bundle())
    lines, wrong = proof.split("\n"), other.proof(0).text.split("\n")
    lines[1] = wrong[1]
    data = join_carried(text, "\n".join(lines))
    about = "The end of the log that is carried is not that of the checkpoint's tree."
    yield client, Case("tail_of_another_tree", about, data, BundleFault.SPLIT_VIEW)


def cosigned() -> Told:
    lacking = BundleFault.NOT_COSIGNED
    stranger = MemoryWitness("stranger.example")
    one, two, three = WITNESSES
    for name, about, by, fault in (
        ("quorum_reached", "Two of three witnesses have cosigned.", (three, one), None),
        ("quorum_not_reached", "One has cosigned, where two must.", (one,), lacking),
        ("quorum_one_witness_twice", "One has cosigned twice.", (one, one), lacking),
        ("quorum_of_a_stranger", "One and a stranger have cosigned.", (stranger, one), lacking),
        ("stranger_ignored", "Two and a stranger have cosigned.", (stranger, one, two), None),
    ):
        client = Client.new(witnesses=WITNESSES, quorum=2)
        client.world.log.witnesses = by
        yield client, Case(name, about, client.bundle(), fault)
    client = Client.new(witnesses=(one,))
    older = client.before[0].rstrip(b"\n").rpartition(b"\n")[2]
    start = client.bundle().rstrip(b"\n").rpartition(b"\n")[0]
    about = "A witness's cosignature is of another checkpoint; none is asked for."
    data = start + b"\n" + older + b"\n"
    yield client, Case("wrong_cosignature", about, data, lacking)


def logs_that_grow() -> Told:
    client = Client.new()
    for number in range(TAIL_LEAVES - 1):
        client.world.log.append(entry(number))
    about = "The proof just reaches back to what the client remembers."
    yield client, Case("away_as_long_as_the_tail", about, client.bundle())
    for name, about, reads, warnings in (
        ("away_for_longer", "The proof does not reach back so far.", False, UNKNOWN),
        ("away_for_longer_with_leaves", "The leaves of the log show that it grew.", True, ()),
    ):
        client = Client.new()
        for number in range(TAIL_LEAVES):
            client.world.log.append(entry(number))
        data = client.bundle()
        leaves = client.world.log.leaves(TAIL_LEAVES + 2) if reads else None
        yield client, Case(name, about, data, warnings=warnings, leaves=leaves)
    client = Client.new()
    log = client.fork(0, *range(TAIL_LEAVES + 1))
    data = log.carry(client.jws())
    about = "The leaves of the log are not those that the client remembers."
    leaves = log.leaves(TAIL_LEAVES + 2)
    yield client, Case("log_forked", about, data, BundleFault.LOG_FORKED, leaves=leaves)
    client = Client.new()
    for number in range(TAIL_LEAVES):
        client.world.log.append(entry(number))
    data, leaves = client.bundle(), client.world.log.leaves(TAIL_LEAVES + 1)
    about = "The leaves are not those of the checkpoint, so they prove nothing."
    name = "leaves_of_another_tree"
    yield client, Case(name, about, data, warnings=UNKNOWN, leaves=leaves)
    client = Client.new()
    data = client.fork(0, 1).carry(client.jws())
    about = "Another tree under the same key."
    yield client, Case("split_view_tree", about, data, BundleFault.SPLIT_VIEW)


def smaller_trees() -> Told:
    client = Client.new()
    smaller = client.bundle()
    client.world.log.append(entry(1))
    client.take(client.world.log.carry(split_carried(client.before[0])[0]))
    about = "A newer bundle in a smaller tree than the client remembers, and part of it."
    yield client, Case("smaller_tree", about, smaller)
    client = Client.new(is_set_up=False)
    log = client.fork(0, 1)
    for number in range(3):
        client.world.log.append(entry(number))
    client.take(client.bundle())
    about = "A smaller tree than the client remembers, and no part of it."
    data = log.carry(client.jws())
    yield client, Case("smaller_tree_of_a_fork", about, data, BundleFault.SPLIT_VIEW)
    client = Client.new()
    second, third = client.bundle(), client.bundle()
    client.world.log.append(entry(1))
    client.take(client.world.log.carry(split_carried(client.before[0])[0]))
    client.take(second)
    about = "A smaller tree, but larger than the one beside the bundle that is held."
    yield client, Case("smaller_tree_beyond_the_held", about, third, warnings=UNKNOWN)
    client = Client.new()
    text, _ = split_carried(client.before[0])
    client.world.log.append(entry(1))
    about = "A newer proof of the bundle that is held."
    yield client, Case("newer_proof", about, client.world.log.carry(text))


# Continuity


def continuity() -> Told:
    client = Client.new()
    data = client.bundle(previous=b64url_encode(entry(1)))
    about = "The next entry names another one before it."
    yield client, Case("previous", about, data, BundleFault.SPLIT_VIEW)
    for name, missed in (("", 0), ("_across_missed_versions", 2)):
        client = Client.new()
        for _ in range(missed):
            client.bundle()
        client.world.retire(client.world.calendar.window_at(NOON))
        data = client.bundle(retired=[])
        about = "A cell has another key, and the old one is not in retired."
        fault = BundleFault.KEYS_REPLACED
        yield client, Case(f"keys_replaced{name}", about, data, fault)
        client = Client.new()
        for _ in range(missed):
            client.bundle()
        client.world.retire(client.world.calendar.window_at(NOON))
        about = "A cell has another key, and the old one is in retired."
        yield client, Case(f"keys_retired{name}", about, client.bundle())
    for member, when, at in (
        ("tracing", "hour", NOON // HOUR),
        ("tracing_exports", "day", NOON // DAY),
    ):
        client = Client.new(tracing=True)
        payload = client.world.payload(NOON)
        [one] = [one for one in payload[member] if one[when] == at]
        one["x"] = b64url_encode(entry(9))
        about = "The authority's key of an hour or a day has changed."
        data, fault = client.world.sign(payload), BundleFault.KEYS_REPLACED
        yield client, Case(f"keys_replaced_{member}", about, data, fault)


def replaced_logs() -> Told:
    client = Client.new()
    client.world.replace_log(NOON)
    about = "Another log, and the log before has the statement that names it."
    yield client, Case("log_handed_over", about, client.bundle())
    client = Client.new()
    client.world.replace_log(NOON, is_lost=True)
    about = "Another log, and no proof that the log before has the statement."
    yield client, Case("log_replaced", about, client.bundle(), warnings=REPLACED)
    client = Client.new()
    client.world.replace_log(NOON, is_lost=True)
    client.take(client.bundle())
    about = "The next bundle after a log was replaced: the warning stays."
    yield client, Case("log_replaced_before", about, client.bundle(), warnings=REPLACED)
    client = Client.new()
    client.world.replace_log(NOON)
    client.world.delegate(NOON)
    client.world.handover = None
    about = "The log was replaced by a statement that the client missed."
    yield client, Case("log_replaced_unseen", about, client.bundle(), warnings=REPLACED)
    client = Client.new()
    client.world.rotate_root(NOON)
    client.world.handover = None
    about = "New roots in the same log, and no proof that it has their statement."
    yield client, Case("new_root_without_handover", about, client.bundle(), warnings=REPLACED)
    client = Client.new()
    old = client.world.log
    client.world.replace_log(NOON, is_lost=True)
    client.world.handover = old.proof(0).text
    about, fault = "The proof is of another entry.", BundleFault.NOT_IN_LOG
    yield client, Case("handover_of_another_entry", about, client.bundle(), fault)
    client = Client.new()
    client.world.replace_log(NOON, is_lost=True)
    client.world.hand_over(client.world.log)
    about = "The proof is of the new log instead of the one before."
    yield client, Case("handover_in_the_new_log", about, client.bundle(), fault)
    client = Client.new(witnesses=WITNESSES, quorum=2)
    client.world.log.witnesses = WITNESSES[:1]
    client.world.quorum = 0
    client.world.replace_log(NOON)
    about = "The proof lacks the cosignatures that the statement before asks for."
    yield client, Case("handover_not_cosigned", about, client.bundle(), BundleFault.NOT_COSIGNED)


STORIES: tuple[Story, ...] = (
    *(roots_sign, statement_forms, chains, versions),
    *(in_log, cosigned, logs_that_grow, smaller_trees, continuity, replaced_logs),
)


def files() -> dict[str, bytes]:
    """Every file of the folder by its name."""
    told = [pair for story in STORIES for pair in story()]
    made = {f"{case.name}.json": as_json(client, case) for client, case in told}
    if len(made) != len(told):
        raise ValueError("two cases have one name")
    return made


def as_json(client: Client, case: Case) -> bytes:
    members = {
        "name": case.name,
        "about": case.about,
        "anchor": client.anchor,
        "before": [{"bundle": bundle.decode(), "now": NOON} for bundle in client.before],
        "bundle": case.bundle.decode(),
        "now": NOON,
        "leaves": None if case.leaves is None else [leaf.hex() for leaf in case.leaves],
        "fault": case.fault,
        "warnings": list(case.warnings),
        "version": _version_in_force(client, case),
    }
    return json.dumps(members, indent=1, ensure_ascii=False).encode() + b"\n"


def _version_in_force(client: Client, case: Case) -> int | None:
    if case.version is not None:
        return case.version
    if case.fault is None:
        return _version_of(case.bundle)
    return _version_of(client.before[-1]) if client.before else None


def _version_of(bundle: bytes) -> int:
    payload = json.loads(b64url_decode(bundle.split(b".")[1].decode()))
    version: int = payload["version"]
    return version


def main() -> None:
    """Write the folder."""
    made = files()
    for path in FOLDER.iterdir():
        if path.name not in made.keys() | OTHERS:
            path.unlink()
    for name, data in made.items():
        (FOLDER / name).write_bytes(data)


if __name__ == "__main__":
    main()
