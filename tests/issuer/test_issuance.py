"""Blind issuance: the wallet's own key, two windows, one batch each, and the same answer again."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from hashlib import sha256
from typing import Any

import pytest

from issuer.entitlement import EntitlementClaims
from issuer.issuance import batch_identifier, issued_on
from issuer.keys.rawrsa import LibcryptoKey, SigningFailed
from issuer.publication.making import make_missing_keys, publish, retire
from schemas.bundle import PassKey
from schemas.encoding import b64url_decode, b64url_encode
from schemas.kinds import DAY, HOUR, Kind
from tests.support.asgi import Reply
from tests.support.issuers import NOON, Service, Wallet, blinded

WRONG_KEY, EXPIRED = (422, "wrong_key"), (403, "entitlement_expired")
BAD_BATCH, ISSUED = (422, "bad_batch"), (409, "batch_already_issued")
WITHDRAWN, ENDED = (403, "withdrawn"), (403, "ended")


def key_of(issuer: Service, status: str, *, holder: str | None = None, ahead: int = 0) -> PassKey:
    """A key of any cell, the wallet's own or not."""
    bundle = issuer.authority.bundle()
    window = bundle.windows[
        bundle.windows.index(issuer.authority.policy.calendar.window_at(issuer.now)) + ahead
    ]
    key = bundle.key_for(status=status, holder=holder, window=window)
    assert key is not None
    return key


def is_marked(issuer: Service, wallet: Wallet, key: PassKey) -> bool:
    """Whether a batch counts as issued."""
    identifier = f"{wallet.claims['jti']}\0".encode() + key.id
    return issuer.authority.store.get(Kind.BATCH, identifier, issuer.now) is not None


def assert_signed(reply: Reply, *batches: dict[str, Any], issuer: Service) -> None:
    """Every signature is the right one for its value: s^e = m."""
    assert reply.status == 200
    keys = issuer.authority.bundle().by_id
    for asked, got in zip(batches, reply.json["batches"], strict=True):
        assert got["key_id"] == asked["key_id"]
        n = int.from_bytes(keys[b64url_decode(asked["key_id"])].modulus)
        values = [int.from_bytes(b64url_decode(text)) for text in asked["blinded"]]
        signatures = [int.from_bytes(b64url_decode(text)) for text in got["signatures"]]
        assert [pow(s, 65537, n) for s in signatures] == values


# What is signed


def test_a_batch_for_each_of_two_windows_is_signed(issuer: Service) -> None:
    wallet = issuer.activated()
    batches = [wallet.batch(issuer.pass_key(wallet, ahead=ahead)) for ahead in (0, 1)]
    assert_signed(wallet.fetch(*batches), *batches, issuer=issuer)


def test_the_next_window_can_be_asked_for_alone(issuer: Service) -> None:
    wallet = issuer.activated()
    batch = wallet.batch(issuer.pass_key(wallet, ahead=1))
    assert_signed(wallet.fetch(batch), batch, issuer=issuer)


def test_the_same_batch_again_gets_the_same_signatures(issuer: Service) -> None:
    wallet = issuer.activated()
    first = wallet.fetch()
    assert first.status == 200
    assert wallet.fetch().body == first.body
    issuer.reopen()
    assert wallet.fetch().body == first.body


def test_another_batch_for_the_same_key_is_refused(issuer: Service) -> None:
    wallet = issuer.activated()
    key = issuer.pass_key(wallet)
    wallet.fetch(wallet.batch(key))
    assert wallet.fetch(wallet.batch(key, label="other")).code == ISSUED
    reordered = wallet.batch(key)
    reordered["blinded"].reverse()
    assert wallet.fetch(reordered).code == ISSUED


def test_another_wallet_of_the_same_person_has_a_batch_of_its_own(issuer: Service) -> None:
    first = issuer.activated(reference="A1")
    second = issuer.activated(reference="A1", evidence="vaccinated_full")
    assert (first.fetch().status, second.fetch().status) == (200, 200)


def test_a_request_that_is_refused_leaves_no_marker(issuer: Service) -> None:
    wallet = issuer.activated()
    own, wrong = issuer.pass_key(wallet), key_of(issuer, "blue")
    assert wallet.fetch(wallet.batch(own), wallet.batch(wrong)).code == WRONG_KEY
    assert wallet.fetch(wallet.batch(own, size=7)).code == BAD_BATCH
    assert not is_marked(issuer, wallet, own)
    assert wallet.fetch(wallet.batch(own, label="other")).status == 200


def test_one_bad_batch_of_two_leaves_no_marker_for_the_other(issuer: Service) -> None:
    wallet = issuer.activated()
    now, later = (issuer.pass_key(wallet, ahead=ahead) for ahead in (0, 1))
    wallet.fetch(wallet.batch(later))
    reply = wallet.fetch(wallet.batch(now), wallet.batch(later, label="other"))
    assert reply.code == ISSUED
    assert not is_marked(issuer, wallet, now)


def test_the_same_key_twice_in_one_request_gets_no_second_batch(issuer: Service) -> None:
    wallet = issuer.activated()
    key = issuer.pass_key(wallet)
    reply = wallet.fetch(wallet.batch(key), wallet.batch(key, label="other"))
    assert reply.code == ISSUED
    assert not is_marked(issuer, wallet, key)
    same = wallet.batch(key)
    answer = wallet.fetch(same, same).json["batches"]
    assert answer[0] == answer[1]


def test_three_batches_are_not_of_the_expected_form(issuer: Service) -> None:
    wallet = issuer.activated()
    batches = [wallet.batch(issuer.pass_key(wallet, ahead=ahead)) for ahead in (0, 1, 2)]
    assert wallet.fetch(*batches).code == (400, "invalid")
    body = {"entitlement": wallet.entitlement, "batches": []}
    assert wallet.post("/v1/passes", body).code == (400, "invalid")


# The marker comes first


def test_the_marker_is_committed_before_the_first_signature(
    issuer: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    wallet = issuer.activated()
    key = issuer.pass_key(wallet)

    def fail(_self: LibcryptoKey, _message: bytes) -> bytes:
        assert is_marked(issuer, wallet, key)
        raise SigningFailed

    with monkeypatch.context() as broken:
        broken.setattr(LibcryptoKey, "sign_raw", fail)
        assert wallet.fetch().code == (500, "failed")
    assert wallet.fetch(wallet.batch(key, label="other")).code == ISSUED
    batch = wallet.batch(key)
    assert_signed(wallet.fetch(batch), batch, issuer=issuer)


def test_a_batch_does_not_count_while_its_key_is_not_there(issuer: Service) -> None:
    wallet = issuer.activated()
    key = issuer.pass_key(wallet)
    for path in issuer.home.pass_keys.glob(f"*{b64url_encode(key.id)}*"):
        path.rename(path.with_suffix(".away"))
    assert wallet.fetch().code == (503, "not_ready")
    assert not is_marked(issuer, wallet, key)


def test_only_a_digest_of_the_batch_is_kept(issuer: Service) -> None:
    wallet = issuer.activated()
    key = issuer.pass_key(wallet)
    wallet.fetch(wallet.batch(key))
    values = b"".join(b64url_decode(text) for text in blinded(key))
    identifier = f"{wallet.claims['jti']}\0".encode() + key.id
    kept = issuer.authority.store.get(Kind.BATCH, identifier, issuer.now)
    assert kept == sha256(values).digest()


def test_a_marker_outlives_its_window_by_an_hour(issuer: Service) -> None:
    wallet = issuer.activated(evidence="no_record")
    key = issuer.pass_key(wallet)
    wallet.fetch(wallet.batch(key))
    issuer.clock.now = key.window.exp + HOUR - 1
    assert is_marked(issuer, wallet, key)
    issuer.clock.now += 1
    assert not is_marked(issuer, wallet, key)


def test_passes_are_counted_by_day_and_status_once(issuer: Service) -> None:
    wallet = issuer.activated()
    wallet.fetch()
    wallet.fetch()
    issuer.activated(evidence="no_record").fetch()
    issuer.activated(evidence="no_record").fetch()
    with issuer.authority.store.transaction(issuer.now) as tx:
        counted = [issued_on(tx, NOON // DAY, status) for status in ("green", "blue")]
    assert counted == [8, 16]


# All at once


def at_once(*calls: Callable[[], Reply]) -> list[Reply]:
    with ThreadPoolExecutor(len(calls)) as pool:
        return [future.result() for future in [pool.submit(call) for call in calls]]


def test_the_same_batch_at_once_from_eight_clients_to_two_processes_is_issued_once(
    issuer: Service,
) -> None:
    other = Service(issuer.home, issuer.clock)
    wallet = issuer.activated()
    twin = Wallet(other, wallet.account, wallet.entitlement)
    replies = at_once(*[wallet.fetch, twin.fetch] * 4)
    other.close()
    assert {reply.status for reply in replies} == {200}
    assert len({reply.body for reply in replies}) == 1
    with issuer.authority.store.transaction(issuer.now) as tx:
        assert issued_on(tx, NOON // DAY, "green") == 8


def test_of_eight_different_batches_at_once_one_is_issued(issuer: Service) -> None:
    wallet = issuer.activated()
    key = issuer.pass_key(wallet)
    batches = [wallet.batch(key, label=str(number)) for number in range(8)]
    replies = at_once(*[partial(wallet.fetch, batch) for batch in batches])
    assert sorted(reply.status for reply in replies) == [200] + [409] * 7


def test_of_eight_wallets_that_activate_one_code_at_once_one_does(issuer: Service) -> None:
    code = issuer.code()
    replies = at_once(*[partial(issuer.wallet().activate, code) for _ in range(8)])
    assert sorted(reply.status for reply in replies) == [200] + [409] * 7


# Whose key


def test_a_key_of_another_status_is_refused(issuer: Service) -> None:
    wallet = issuer.activated()
    assert wallet.fetch(wallet.batch(key_of(issuer, "blue"))).code == WRONG_KEY


def test_a_key_of_another_hint_is_refused(found: Callable[..., Service]) -> None:
    issuer = found(hint="month")
    wallet = issuer.activated(birthday="03-17")
    assert wallet.fetch(wallet.batch(key_of(issuer, "green", holder="03"))).status == 200
    for month in ("02", "04", "12"):
        key = key_of(issuer, "green", holder=month)
        assert wallet.fetch(wallet.batch(key)).code == WRONG_KEY


def test_a_third_window_is_refused(issuer: Service) -> None:
    wallet = issuer.activated()
    for ahead in (2, 3):
        key = issuer.pass_key(wallet, ahead=ahead)
        assert wallet.fetch(wallet.batch(key)).code == WRONG_KEY


def test_a_window_that_has_ended_is_refused(issuer: Service) -> None:
    wallet = issuer.activated()
    key = issuer.pass_key(wallet)
    issuer.clock.now = key.window.exp
    assert wallet.fetch(wallet.batch(key)).code == WRONG_KEY
    assert wallet.fetch().status == 200


@pytest.mark.parametrize("key_id", ["A" * 43, "A" * 42 + "B", "_" * 43])
def test_a_key_that_is_not_listed_is_refused(issuer: Service, key_id: str) -> None:
    wallet = issuer.activated()
    batch = wallet.batch(issuer.pass_key(wallet)) | {"key_id": key_id}
    assert wallet.fetch(batch).code == WRONG_KEY


def test_a_retired_key_is_refused_and_its_replacement_gives_a_new_batch(issuer: Service) -> None:
    wallet = issuer.activated()
    old = issuer.pass_key(wallet)
    assert wallet.fetch(wallet.batch(old)).status == 200
    retire(issuer.authority, old, issuer.now)
    assert wallet.fetch(wallet.batch(old)).code == WRONG_KEY
    new = issuer.pass_key(wallet)
    assert new.id != old.id
    batch = wallet.batch(new)
    assert_signed(wallet.fetch(batch), batch, issuer=issuer)


# Until when


def test_a_window_that_begins_when_the_entitlement_ends_is_refused(issuer: Service) -> None:
    wallet = issuer.activated(at_seconds=NOON - 72 * HOUR + 1)
    now, later = (issuer.pass_key(wallet, ahead=ahead) for ahead in (0, 1))
    assert wallet.claims["exp"] == now.window.exp == later.window.nbf
    assert wallet.fetch(wallet.batch(later)).code == EXPIRED
    assert wallet.fetch(wallet.batch(now), wallet.batch(later)).code == EXPIRED
    assert wallet.fetch(wallet.batch(now)).status == 200


def test_the_last_window_of_an_entitlement_can_be_fetched_in_its_last_second(
    issuer: Service,
) -> None:
    wallet = issuer.activated(at_seconds=NOON - 72 * HOUR + 1)
    issuer.clock.now = wallet.claims["exp"] - 1
    assert wallet.fetch().status == 200


def test_an_entitlement_that_has_ended_is_refused(issuer: Service) -> None:
    wallet = issuer.activated(at_seconds=NOON - 72 * HOUR + 1)
    issuer.clock.now = wallet.claims["exp"]
    assert wallet.fetch().code == EXPIRED


def test_a_wrong_key_is_said_before_the_entitlements_end(issuer: Service) -> None:
    wallet = issuer.activated(at_seconds=NOON - 72 * HOUR + 1)
    issuer.clock.now = wallet.claims["exp"]
    assert wallet.fetch(wallet.batch(key_of(issuer, "blue"))).code == WRONG_KEY


# What is in a batch


def spoiled(issuer: Service, wallet: Wallet, change: Callable[[list[str], int], Any]) -> Reply:
    key = issuer.pass_key(wallet)
    batch = wallet.batch(key)
    change(batch["blinded"], int.from_bytes(key.modulus))
    return wallet.fetch(batch)


def replacing(value: Callable[[int], bytes]) -> Callable[[list[str], int], None]:
    """Puts ``value`` of the modulus in the place of the fourth."""

    def change(values: list[str], n: int) -> None:
        values[3] = b64url_encode(value(n))

    return change


BAD = {
    "nine values": lambda values, n: values.append(b64url_encode((2).to_bytes(256))),
    "seven values": lambda values, n: values.pop(),
    "no value": lambda values, n: values.clear(),
    "a repeated value": lambda values, n: values.__setitem__(7, values[0]),
    "0": replacing(lambda n: bytes(256)),
    "1": replacing(lambda n: (1).to_bytes(256)),
    "n - 1": replacing(lambda n: (n - 1).to_bytes(256)),
    "n": replacing(lambda n: n.to_bytes(256)),
    "n + 2": replacing(lambda n: (n + 2).to_bytes(256)),
    "2^2048 - 1": replacing(lambda n: b"\xff" * 256),
    "255 bytes": replacing(lambda n: b"\x05" * 255),
    "257 bytes": replacing(lambda n: b"\x00" + b"\x05" * 256),
    "empty": replacing(lambda n: b""),
    "padding": lambda values, n: values.__setitem__(3, values[3] + "=="),
    "not canonical": lambda values, n: values.__setitem__(3, values[3][:-1] + "B"),
    "another alphabet": lambda values, n: values.__setitem__(3, "+/" + values[3][2:]),
    "a line end": lambda values, n: values.__setitem__(3, values[3] + "\n"),
}


@pytest.mark.parametrize("change", BAD.values(), ids=BAD)
def test_a_bad_batch_is_refused(issuer: Service, change: Callable[[list[str], int], Any]) -> None:
    wallet = issuer.activated()
    assert spoiled(issuer, wallet, change).code == BAD_BATCH
    assert not is_marked(issuer, wallet, issuer.pass_key(wallet))


@pytest.mark.parametrize("value", [lambda n: 2, lambda n: n - 2], ids=["2", "n - 2"])
def test_the_smallest_and_the_largest_value_are_signed(
    issuer: Service, value: Callable[[int], int]
) -> None:
    wallet = issuer.activated()
    key = issuer.pass_key(wallet)
    batch = wallet.batch(key)
    replacing(lambda n: value(n).to_bytes(256))(batch["blinded"], int.from_bytes(key.modulus))
    assert_signed(wallet.fetch(batch), batch, issuer=issuer)


def test_values_that_differ_only_in_their_text_do_not_count_twice(issuer: Service) -> None:
    wallet = issuer.activated()

    def change(values: list[str], _n: int) -> None:
        values[1] = values[0][:-1] + chr(ord(values[0][-1]) + 1)

    assert spoiled(issuer, wallet, change).code == BAD_BATCH


# Withdrawn, ended, lifted


def test_nothing_is_issued_to_a_person_who_is_withdrawn(issuer: Service) -> None:
    wallet = issuer.activated(reference="P1")
    issuer.withdraw("P1", "contact")
    assert wallet.fetch().code == WITHDRAWN
    assert issuer.activated(reference="P2").fetch().status == 200


def test_a_withdrawal_stops_an_entitlement_that_is_made_after_it(issuer: Service) -> None:
    issuer.withdraw("P1", "positive")
    wallet = issuer.activated(reference="P1")
    assert wallet.fetch().code == WITHDRAWN


def test_a_batch_already_issued_is_not_given_again_once_withdrawn(issuer: Service) -> None:
    wallet = issuer.activated(reference="P1")
    assert wallet.fetch().status == 200
    issuer.withdraw("P1", "positive")
    assert wallet.fetch().code == WITHDRAWN


def test_issuing_resumes_when_the_withdrawal_ends(issuer: Service) -> None:
    wallet = issuer.activated(reference="P1", evidence="vaccinated_full")
    until = issuer.withdraw("P1", "positive")
    assert until == NOON + 10 * DAY
    for ahead, status in ((-1, 403), (0, 200)):
        issuer.clock.now = until + ahead
        publish_now(issuer)
        assert wallet.fetch().status == status


def publish_now(issuer: Service) -> None:
    """What the background does as time passes."""
    make_missing_keys(issuer.authority, issuer.now)
    publish(issuer.authority, issuer.now)


def test_issuing_resumes_when_the_withdrawal_is_lifted(issuer: Service) -> None:
    wallet = issuer.activated(reference="P1")
    issuer.withdraw("P1", "positive")
    with issuer.authority.store.transaction(issuer.now) as tx:
        assert issuer.authority.registrar.lift(tx, reference="p 1", evidence="positive") is None
    assert wallet.fetch().status == 200


def test_whoever_ended_the_entitlement_gets_nothing_further(issuer: Service) -> None:
    wallet = issuer.activated(reference="P1")
    assert wallet.end().json["done"] is True
    assert wallet.end().json["done"] is True
    assert wallet.fetch().code == ENDED
    assert issuer.activated(reference="P1", evidence="no_record").fetch().status == 200


def test_an_end_lasts_as_long_as_the_entitlement(issuer: Service) -> None:
    wallet = issuer.activated()
    wallet.end()
    issuer.clock.now = wallet.claims["exp"] - 1
    publish_now(issuer)
    assert wallet.fetch().code == ENDED
    issuer.clock.now += 1
    assert wallet.fetch().code == EXPIRED
    assert wallet.end().json["done"] is True


def test_withdrawn_is_said_before_ended_and_both_before_a_bad_batch(issuer: Service) -> None:
    wallet = issuer.activated(reference="P1")
    wallet.end()
    bad = wallet.batch(issuer.pass_key(wallet), size=7)
    assert wallet.fetch(bad).code == ENDED
    issuer.withdraw("P1", "positive")
    assert wallet.fetch(bad).code == WITHDRAWN


def test_the_marker_names_the_entitlement_and_the_key(issuer: Service) -> None:
    wallet = issuer.activated()
    key = issuer.pass_key(wallet)
    claims = wallet.claims
    entitlement = EntitlementClaims(
        claims["jti"], wallet.account.kid, claims["status"], None, claims["rid"], claims["exp"]
    )
    assert batch_identifier(entitlement, key.id) == claims["jti"].encode() + b"\0" + key.id
