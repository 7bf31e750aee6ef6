"""What the offline keys say, and how a client walks from one statement to the next."""

from collections.abc import Callable, Iterable
from typing import Any

import pytest

from schemas.bundle_faults import BundleFault, BundleRejected
from schemas.encoding import b64url_decode, b64url_encode
from schemas.jws import Typ
from schemas.kinds import DAY
from schemas.log.notes import KeyType, vkey_of
from schemas.root_statements import (
    LONGEST_DELEGATION,
    Chain,
    LogPlace,
    encode_payload,
    encode_signed,
    parse_signed,
    parse_statement,
    walk_chain,
)
from tests.support import texts
from tests.support.keys import EcKey, ec_key
from tests.support.logs import MemoryLog, MemoryWitness, ed25519_key
from tests.support.world import NOON, World, signed_statement

STRANGER = ec_key("a stranger")
WITNESSES = tuple(MemoryWitness(f"witness-{number}.example") for number in range(3))


def two_of_three() -> World:
    return World(roots=3, threshold=2)


def anchor_of(statement: dict[str, Any]) -> str:
    return parse_signed(statement).statement.anchor


def walk(statements: Iterable[object], anchor: str) -> Chain:
    return walk_chain(list(statements), anchor=anchor)


def fault_of(statements: Iterable[object], anchor: str) -> BundleFault:
    with pytest.raises(BundleRejected) as rejected:
        walk(statements, anchor)
    return rejected.value.fault


def first(world: World, *, by: Iterable[EcKey] | None = None, **members: Any) -> dict[str, Any]:
    """A first statement with some of its members replaced."""
    return signed_statement(world.statement_members(1, now=NOON) | members, by or world.roots)


def second(world: World, *, by: Iterable[EcKey] | None = None, **members: Any) -> dict[str, Any]:
    """A second one."""
    return world.statement(2, by=by or world.roots, now=NOON, **members)


def fault_after_first(world: World, statement: object) -> BundleFault:
    return fault_of([world.statements[0], statement], world.pin)


def follows(world: World, statement: object) -> bool:
    return walk([world.statements[0], statement], world.pin).last.version == 2


# Members and identity


def test_a_statement_says_who_signs_until_when_and_who_watches() -> None:
    world = World(roots=3, threshold=2, witnesses=WITNESSES, quorum=2)
    statement = parse_signed(world.statements[0]).statement
    assert (statement.version, statement.threshold, statement.quorum) == (1, 2, 2)
    assert set(statement.roots) == {key.kid for key in world.roots}
    assert set(statement.signers) == {world.signer.kid}
    assert (statement.sunset, statement.log) == (world.sunset, world.log.vkey)
    assert statement.place == LogPlace("qupia.example", 1)
    assert [witness.url for witness in statement.witnesses] == [
        "https://witness-0.example",
        "https://witness-1.example",
        "https://witness-2.example",
    ]


def test_the_identity_of_a_statement_is_its_payload() -> None:
    world = two_of_three()
    one, other = (parse_signed(first(world, by=by)) for by in (world.roots[:2], world.roots[1:]))
    assert one.statement == other.statement
    assert one.statement.anchor == other.statement.anchor
    assert one.statement.entry == other.statement.entry


def test_the_same_members_in_another_spelling_are_another_statement() -> None:
    world = World()
    payload = encode_payload(world.statement_members(1, now=NOON))
    spaced = payload.replace(b",", b", ", 1)
    assert parse_statement(payload).anchor != parse_statement(spaced).anchor


def test_anchor_and_entry_of_a_statement_are_of_different_labels() -> None:
    statement = parse_signed(World().statements[0]).statement
    assert b64url_decode(statement.anchor) != statement.entry != statement.digest


def test_unknown_members_of_the_payload_are_ignored() -> None:
    world = World()
    statement = first(world, more={"deep": [1]})
    assert walk([statement], anchor_of(statement)).last.version == 1


def change(**members: Any) -> Callable[[World], dict[str, Any]]:
    return lambda world: members


def with_root(**members: Any) -> Callable[[World], dict[str, Any]]:
    return lambda world: {"roots": [world.root.jwk | members]}


def with_signer(**members: Any) -> Callable[[World], dict[str, Any]]:
    life = {"nbf": NOON, "exp": NOON + 1}
    return lambda world: {"signers": [STRANGER.jwk | life | members]}


def roots_of(count: int) -> list[dict[str, str]]:
    return [ec_key(f"root {number}").jwk for number in range(count)]


def log_named(name: str, type: KeyType = KeyType.ED25519) -> str:
    return vkey_of(ed25519_key("a log"), name=name, type=type).text


def witness_entry(url: str = "https://w.example", name: str = "w.example") -> dict[str, str]:
    return MemoryWitness(name).member | {"url": url}


ORIGIN = "qupia.example/.well-known/qupia/log"
LOG_KEY_AS_WITNESS = vkey_of(
    MemoryLog("qupia.example").key, name="w.example", type=KeyType.COSIGNATURE
).text

OF_ANOTHER_FORM = [
    pytest.param(change(version=0), id="version 0"),
    pytest.param(change(version=1_000_001), id="version above a million"),
    pytest.param(change(threshold=0), id="threshold 0"),
    pytest.param(change(threshold=2), id="threshold above the number of roots"),
    pytest.param(change(threshold="1"), id="a threshold in quotes"),
    pytest.param(change(roots=[]), id="no root"),
    pytest.param(change(roots=roots_of(6)), id="six roots"),
    pytest.param(lambda world: {"roots": [world.root.jwk] * 2}, id="a root twice"),
    pytest.param(
        lambda world: {"roots": [world.root.jwk, world.root.jwk | {"use": "sig"}]},
        id="a root twice with another member",
    ),
    pytest.param(with_root(d="A" * 43), id="a private root"),
    pytest.param(with_root(crv="P-384"), id="a root of another curve"),
    pytest.param(
        lambda world: {"roots": [world.root.jwk, STRANGER.jwk | {"y": STRANGER.jwk["x"]}]},
        id="a root off the curve",
    ),
    pytest.param(change(signers=None), id="no list of signers"),
    pytest.param(change(signers=[{"kty": "EC"}]), id="half a signer"),
    pytest.param(with_signer(exp=NOON + LONGEST_DELEGATION + 1), id="a signer for over 35 days"),
    pytest.param(with_signer(exp=NOON), id="a signer for no time"),
    pytest.param(with_signer(d="A" * 43), id="a private signer"),
    pytest.param(with_signer(y=STRANGER.jwk["x"]), id="a signer off the curve"),
    pytest.param(
        lambda world: {"signers": [world.signer.jwk | {"nbf": n, "exp": n + 9} for n in (1, 2)]},
        id="a signer twice",
    ),
    pytest.param(change(sunset=-1), id="a sunset before 1970"),
    pytest.param(change(sunset="never"), id="a sunset in words"),
    pytest.param(change(log=""), id="no log"),
    pytest.param(change(log=log_named(f"{ORIGIN}/0")), id="log number 0"),
    pytest.param(change(log=log_named(f"{ORIGIN}/01")), id="log number 01"),
    pytest.param(change(log=log_named(f"{ORIGIN}/1/x")), id="something after the number"),
    pytest.param(change(log=log_named(ORIGIN)), id="a log without a number"),
    pytest.param(change(log=log_named("qupia.example/log/1")), id="a log of another path"),
    pytest.param(change(log=log_named("/.well-known/qupia/log/1")), id="a log of nobody"),
    pytest.param(
        change(log=log_named("a" * 101 + "/.well-known/qupia/log/1")),
        id="a token issuer over 100 characters",
    ),
    pytest.param(
        change(log=log_named(f"{ORIGIN}/1", KeyType.COSIGNATURE)), id="a log that cosigns"
    ),
    pytest.param(change(quorum=1), id="a quorum without witnesses"),
    pytest.param(change(quorum=-1), id="a negative quorum"),
    pytest.param(change(witnesses=[witness_entry()] * 2), id="a witness twice"),
    pytest.param(
        change(witnesses=[witness_entry(name=f"w{number}.example") for number in range(9)]),
        id="nine witnesses",
    ),
    pytest.param(change(witnesses=[witness_entry(url="ftp://w.example")]), id="another scheme"),
    pytest.param(
        change(witnesses=[{"key": log_named("w.example"), "url": "https://w.example"}]),
        id="a witness whose key signs notes",
    ),
    pytest.param(
        change(witnesses=[{"key": LOG_KEY_AS_WITNESS, "url": "https://w.example"}]),
        id="a witness with the log's key",
    ),
    *(
        pytest.param(lambda world, name=name: {name: None}, id=f"null for {name}")
        for name in World().statement_members(1, now=NOON)
    ),
]


@pytest.mark.parametrize("members", OF_ANOTHER_FORM)
def test_a_statement_of_another_form_breaks_the_chain(
    members: Callable[[World], dict[str, Any]],
) -> None:
    world = World()
    assert fault_of([first(world, **members(world))], world.pin) is BundleFault.BROKEN_CHAIN


@pytest.mark.parametrize("name", World().statement_members(1, now=NOON))
def test_each_member_must_be_there(name: str) -> None:
    world = World()
    members = world.statement_members(1, now=NOON)
    del members[name]
    statement = signed_statement(members, world.roots)
    assert fault_of([statement], world.pin) is BundleFault.BROKEN_CHAIN


def test_five_roots_eight_witnesses_and_a_long_token_issuer_are_the_most() -> None:
    witnesses = [witness_entry(name=f"w{number}.example") for number in range(8)]
    log = log_named("a" * 100 + "/.well-known/qupia/log/999999999")
    world = World()
    statement = first(world, roots=roots_of(5), log=log, witnesses=witnesses, quorum=8)
    assert len(parse_signed(statement).statement.witnesses) == 8


# The carried form


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda s: s | {"header": {}}, id="another member"),
        pytest.param(lambda s: {"payload": s["payload"]}, id="no signatures"),
        pytest.param(lambda s: s | {"payload": s["payload"] + "="}, id="padding"),
        pytest.param(lambda s: s | {"payload": b64url_encode(b"[]")}, id="a list"),
        pytest.param(lambda s: s | {"payload": b64url_encode(b'{"a":1,"a":1}')}, id="a name twice"),
        pytest.param(lambda s: s | {"signatures": s["signatures"] * 17}, id="17 signatures"),
        pytest.param(
            lambda s: s | {"signatures": [s["signatures"][0] | {"header": {}}]},
            id="an unprotected header",
        ),
        pytest.param(
            lambda s: s | {"signatures": [{"protected": s["signatures"][0]["protected"]}]},
            id="half a signature",
        ),
        pytest.param(
            lambda s: ".".join(
                (s["signatures"][0]["protected"], s["payload"], s["signatures"][0]["signature"])
            ),
            id="the compact form",
        ),
    ],
)
def test_a_statement_is_carried_in_one_form(spoil: Callable[[Any], object]) -> None:
    world = World()
    assert fault_of([spoil(world.statements[0])], world.pin) is BundleFault.BROKEN_CHAIN


@pytest.mark.parametrize(
    "header",
    [{"extra": 1}, {"crit": ["exp"]}, {"jwk": STRANGER.jwk}, {"b64": True}, {"kid": 7}],
    ids=lambda header: next(iter(header)),
)
def test_the_header_of_a_signature_has_three_members_and_no_other(header: dict[str, Any]) -> None:
    world = World()
    members = world.statement_members(1, now=NOON)
    statement = signed_statement(members, world.roots, **header)
    assert fault_of([statement], world.pin) is BundleFault.BROKEN_CHAIN


@pytest.mark.parametrize("missing", ["alg", "kid", "typ"])
def test_the_header_of_a_signature_lacks_none_of_them(missing: str) -> None:
    world = World()
    payload = texts.to_json(world.statement_members(1, now=NOON))
    header = {"alg": "ES256", "kid": world.root.kid, "typ": Typ.ROOT.value}
    del header[missing]
    protected, _, signature = texts.signed(texts.to_json(header), payload, world.root).split(".")
    statement = encode_signed(payload, [{"protected": protected, "signature": signature}])
    assert fault_of([statement], world.pin) is BundleFault.BROKEN_CHAIN


@pytest.mark.parametrize("alg", ["none", "HS256", "ES384", "es256"])
def test_a_signature_of_another_algorithm_is_none(alg: str) -> None:
    world = World()
    statement = signed_statement(world.statement_members(1, now=NOON), world.roots, alg=alg)
    assert fault_of([statement], world.pin) is BundleFault.UNKNOWN_ROOT


@pytest.mark.parametrize("typ", [typ for typ in Typ if typ is not Typ.ROOT])
def test_a_signature_for_another_use_is_none(typ: Typ) -> None:
    world = World()
    statement = signed_statement(world.statement_members(1, now=NOON), world.roots, typ=typ.value)
    assert fault_of([statement], world.pin) is BundleFault.UNKNOWN_ROOT


# Who must sign


@pytest.mark.parametrize(("signed", "is_enough"), [(0, False), (1, False), (2, True), (3, True)])
def test_as_many_roots_sign_the_first_statement_as_it_asks_for(
    signed: int, is_enough: bool
) -> None:
    world = two_of_three()
    statement = signed_statement(world.statement_members(1, now=NOON), world.roots[:signed])
    if is_enough:
        assert walk([statement], world.pin).last.version == 1
    else:
        assert fault_of([statement], world.pin) is BundleFault.UNKNOWN_ROOT


@pytest.mark.parametrize(("signed", "is_enough"), [(0, False), (1, False), (2, True), (3, True)])
def test_as_many_roots_sign_the_next_statement(signed: int, is_enough: bool) -> None:
    world = two_of_three()
    statement = signed_statement(world.statement_members(2, now=NOON), world.roots[:signed])
    if is_enough:
        assert follows(world, statement)
    else:
        assert fault_after_first(world, statement) is BundleFault.BROKEN_CHAIN


def test_a_root_that_signs_twice_counts_once() -> None:
    world = two_of_three()
    statement = second(world, by=[world.root, world.root])
    assert fault_after_first(world, statement) is BundleFault.BROKEN_CHAIN


def test_signatures_of_unknown_keys_are_neither_counted_nor_minded() -> None:
    world = two_of_three()
    assert fault_after_first(world, second(world, by=[world.root, STRANGER])) is (
        BundleFault.BROKEN_CHAIN
    )
    assert follows(world, second(world, by=[STRANGER, *world.roots[:2]]))


def wrong_signature(statement: dict[str, Any], at: int) -> dict[str, Any]:
    """The statement, with one of its signatures spoilt."""
    signatures = [dict(signature) for signature in statement["signatures"]]
    raw = bytearray(b64url_decode(signatures[at]["signature"]))
    raw[40] ^= 1
    signatures[at]["signature"] = b64url_encode(bytes(raw))
    return statement | {"signatures": signatures}


@pytest.mark.parametrize("at", range(3))
def test_a_known_root_s_wrong_signature_refuses_the_statement_although_others_suffice(
    at: int,
) -> None:
    world = two_of_three()
    assert fault_after_first(world, wrong_signature(second(world), at)) is BundleFault.BROKEN_CHAIN
    assert fault_of([wrong_signature(first(world), at)], world.pin) is BundleFault.UNKNOWN_ROOT


def test_a_wrong_signature_of_an_unknown_key_is_ignored() -> None:
    world = two_of_three()
    assert follows(world, wrong_signature(second(world, by=[STRANGER, *world.roots]), 0))


def test_signatures_are_of_the_payload_beside_them() -> None:
    world = World()
    moved = second(world) | {"signatures": world.statements[0]["signatures"]}
    assert fault_after_first(world, moved) is BundleFault.BROKEN_CHAIN


# The anchor


def test_the_anchor_is_found_wherever_it_stands() -> None:
    world = World()
    for _ in range(3):
        world.rotate_root(NOON)
    anchors = [anchor_of(statement) for statement in world.statements]
    for at, anchor in enumerate(anchors):
        chain = walk(world.statements, anchor)
        assert [s.version for s in chain.statements] == list(range(at + 1, 5))


def test_what_stands_before_the_anchor_need_not_be_signed() -> None:
    world = World()
    world.rotate_root(NOON)
    unsigned = first(world, by=[STRANGER])
    later = anchor_of(world.statements[1])
    assert walk([unsigned, world.statements[1]], later).last.version == 2


def test_without_the_anchor_there_is_no_way_in() -> None:
    world = World()
    world.rotate_root(NOON)
    assert fault_of(world.statements[1:], world.pin) is BundleFault.UNKNOWN_ROOT
    assert fault_of([], world.pin) is BundleFault.BROKEN_CHAIN


def test_the_anchor_of_today_is_the_first_statement_with_today_s_roots() -> None:
    world = World()
    assert walk(world.statements, world.pin).anchor == world.pin
    world.delegate(NOON)
    assert walk(world.statements, world.pin).anchor == world.pin
    world.rotate_root(NOON)
    world.delegate(NOON)
    chain = walk(world.statements, world.pin)
    assert chain.anchor == anchor_of(world.statements[2])
    assert walk(world.statements, chain.anchor).last == chain.last


# From one statement to the next


@pytest.mark.parametrize("version", [1, 3], ids=["repeated", "left out"])
def test_each_statement_is_one_version_higher(version: int) -> None:
    world = World()
    statement = world.statement(version, by=world.roots, now=NOON)
    assert fault_after_first(world, statement) is BundleFault.BROKEN_CHAIN


def test_new_roots_are_signed_by_those_before_and_by_themselves() -> None:
    world = two_of_three()
    new = [ec_key(f"new root {number}") for number in range(3)]
    roots = [key.jwk for key in new]
    assert follows(world, second(world, by=[*world.roots[:2], *new[:2]], roots=roots))
    for by in (world.roots, new, [*world.roots[:1], *new], [*world.roots, *new[:1]]):
        statement = second(world, by=by, roots=roots)
        assert fault_after_first(world, statement) is BundleFault.BROKEN_CHAIN


def test_a_root_that_stays_counts_on_both_sides() -> None:
    world = two_of_three()
    new = ec_key("a new root")
    roots = [key.jwk for key in (*world.roots[:2], new)]
    assert follows(world, second(world, by=world.roots[:2], roots=roots))


def test_a_higher_threshold_is_signed_by_as_many() -> None:
    world = two_of_three()
    raised = second(world, by=world.roots[:2], threshold=3)
    assert fault_after_first(world, raised) is BundleFault.BROKEN_CHAIN
    assert follows(world, second(world, by=world.roots, threshold=3))


def test_a_lower_threshold_is_signed_by_as_many_as_before() -> None:
    world = two_of_three()
    lowered = second(world, by=world.roots[:1], threshold=1)
    assert fault_after_first(world, lowered) is BundleFault.BROKEN_CHAIN
    assert follows(world, second(world, by=world.roots[:2], threshold=1))


@pytest.mark.parametrize(
    ("later", "fault"), [(1, BundleFault.SUNSET_LATER), (0, None), (-DAY, None)]
)
def test_the_sunset_moves_only_earlier(later: int, fault: BundleFault | None) -> None:
    world = World()
    statement = second(world, sunset=world.sunset + later)
    if fault is None:
        assert walk([world.statements[0], statement], world.pin).last.sunset == (
            world.sunset + later
        )
    else:
        assert fault_after_first(world, statement) is fault


def log_key(label: str, number: int, issuer: str = "qupia.example") -> str:
    name = f"{issuer}/.well-known/qupia/log/{number}"
    return vkey_of(ed25519_key(label), name=name, type=KeyType.ED25519).text


@pytest.mark.parametrize(
    ("log", "is_next"),
    [
        pytest.param(log_key("another", 2), True, id="another key, the next number"),
        pytest.param(log_key("another", 1), False, id="another key, the same number"),
        pytest.param(log_key("another", 3), False, id="another key, a number left out"),
        pytest.param(log_key(f"log {ORIGIN}/1", 2), False, id="the same key, another number"),
        pytest.param(log_key("another", 2, "b.example"), False, id="of another token issuer"),
    ],
)
def test_the_log_s_number_grows_by_one_exactly_when_its_key_changes(
    log: str, is_next: bool
) -> None:
    world = World()
    statement = second(world, log=log)
    if is_next:
        assert follows(world, statement)
    else:
        assert fault_after_first(world, statement) is BundleFault.BROKEN_CHAIN


def test_what_is_watched_is_roots_threshold_log_witnesses_and_quorum() -> None:
    world = World(roots=2, witnesses=WITNESSES)
    before = parse_signed(world.statements[0]).statement

    def is_watched_alike(**members: Any) -> bool:
        return parse_signed(second(world, **members)).statement.is_watched_like(before)

    assert is_watched_alike()
    assert is_watched_alike(sunset=world.sunset - 1, signers=[])
    assert not is_watched_alike(roots=[STRANGER.jwk])
    assert not is_watched_alike(threshold=2)
    assert not is_watched_alike(log=log_key("another", 2))
    assert not is_watched_alike(witnesses=[])
    assert not is_watched_alike(quorum=1)
