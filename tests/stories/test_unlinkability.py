"""What the issuer saw and what a door sees have nothing in common (promise 2)."""

import json
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
import qrcode

from issuer.keys.grid import list_keys
from schemas.encoding import b64url_decode, b64url_encode
from schemas.presentation import parse_presentation, slot_at
from schemas.token import challenge_digest, token_input
from shell.pictures import qr_version
from tests.support.town import Citizen, Sent, Town
from wallet_sim.passes.presentation import choose, present

PIECE = 8
"""Bytes: two random strings of some thousand bytes have none of this length in common."""


def decoded(value: Any) -> Iterator[bytes]:
    """Every text of a JSON value as it stands, and what it is as base64url or as a JWS."""
    if isinstance(value, dict):
        for name, member in value.items():
            yield name.encode()
            yield from decoded(member)
    elif isinstance(value, list):
        for member in value:
            yield from decoded(member)
    else:
        yield str(value).encode()
        for part in str(value).split("."):
            yield from _base64(part)


def _base64(part: str) -> Iterator[bytes]:
    with suppress(ValueError):
        data = b64url_decode(part)
        yield data
        yield from decoded(json.loads(data))


def seen_by_the_issuer(sent: list[Sent]) -> bytes:
    """All that came in and went out at the issuer's API."""
    parts: list[bytes] = []
    for one in sent:
        parts += [one.url.encode(), one.body, one.answer.body]
        parts += [value for text in one.headers.values() for value in decoded(text)]
        parts += decoded(json.loads(one.body)) if one.body else []
        parts += decoded(json.loads(one.answer.body)) if one.method == "POST" else []
    return b"\0".join(parts)


def seen_at_the_door(town: Town, code: str) -> list[bytes]:
    """What belongs to this pass alone, also what follows from it."""
    shown = parse_presentation(code)
    bundle = town.service.authority.bundle()
    key = bundle.by_prefix[shown.key_prefix]
    assert key is not None
    signed = token_input(nonce=shown.device.nonce, challenge=bundle.challenge, key_id=key.id)
    return [
        shown.device.x,
        shown.device.y,
        shown.device.nonce,
        shown.signature,
        shown.proof,
        signed,
    ]


def pieces(data: bytes) -> set[bytes]:
    return {data[i : i + PIECE] for i in range(len(data) - PIECE + 1)}


@pytest.fixture
def two(town: Town) -> list[Citizen]:
    """Two people of the same status."""
    return [town.activated(name) for name in ("first", "second")]


def test_nothing_of_a_pass_was_ever_seen_by_the_issuer(town: Town, two: list[Citizen]) -> None:
    seen = pieces(seen_by_the_issuer(town.net.sent))
    codes = [person.show() for person in two for _ in range(8)]
    bundle = town.service.authority.bundle()
    common = pieces(challenge_digest(bundle.token_issuer))
    for key in bundle.pass_keys:
        common |= pieces(bundle.challenge + key.id)
    parts = [pieces(part) - common for code in codes for part in seen_at_the_door(town, code)]
    assert all(parts)
    assert [part & seen for part in parts if part & seen] == []
    # The search is able to find something: the public keys of the grid were seen.
    assert common & seen


def test_two_passes_have_nothing_in_common_but_their_key_and_time(
    town: Town, two: list[Citizen]
) -> None:
    codes = [parse_presentation(person.show()) for person in two for _ in range(8)]
    # A pass whose delay is not over yet has the proof of the half minute before.
    assert {code.slot for code in codes} <= {slot_at(town.now), slot_at(town.now) - 1}
    assert len({code.key_prefix for code in codes}) == 1
    alone = [pieces(c.device.x + c.device.y + c.signature + c.proof) for c in codes]
    assert sum(map(len, alone)) == len(set().union(*alone))


def test_every_pass_could_have_come_from_every_request(town: Town, two: list[Citizen]) -> None:
    """Blindness does not rest on a hard problem: for each pair there is a blind that fits."""
    requests = [
        int.from_bytes(b64url_decode(value), "big")
        for sent in town.net.posted("/v1/passes")
        for value in sent.members["batches"][0]["blinded"]
    ]
    answers = [
        int.from_bytes(b64url_decode(value), "big")
        for sent in town.net.posted("/v1/passes")
        for value in json.loads(sent.answer.body)["batches"][0]["signatures"]
    ]
    shown = [parse_presentation(person.show()) for person in two]
    prefix = shown[0].key_prefix
    [file] = [f for f in list_keys(town.service.home.pass_keys) if f.id[:4] == prefix]
    numbers = file.load().private_numbers()
    n, e, d = numbers.public_numbers.n, numbers.public_numbers.e, numbers.d
    assert len(requests) == len(answers) == 16
    for code in shown:
        signature = int.from_bytes(code.signature, "big")
        message = pow(signature, e, n)
        for request, answer in zip(requests, answers, strict=True):
            blind = pow(request * pow(message, -1, n), d, n)
            assert message * pow(blind, e, n) % n == request
            assert answer * pow(blind, -1, n) % n == signature


def test_requests_of_two_people_have_the_same_form_and_length(town: Town) -> None:
    """One with a reference and one without, registered and fetching at other times."""
    town.activated("first", "vaccinated_full", reference="900317300011", ago=200_000)
    town.clock.now += 1234
    town.activated("second", "recovered", reference="AB 1234567 890", ago=300_000)
    for path in ("/v1/entitlements", "/v1/passes"):
        one, other = town.net.posted(path)
        assert one.body != other.body
        assert len(one.body) == len(other.body)
        assert form(one.members) == form(other.members)
        assert {name: len(text) for name, text in one.headers.items()} == {
            name: len(text) for name, text in other.headers.items()
        }
        assert len(one.answer.body) == len(other.answer.body)


def form(value: Any) -> Any:
    """A JSON value with every text replaced by its length."""
    if isinstance(value, dict):
        return {name: form(member) for name, member in value.items()}
    if isinstance(value, list):
        return [form(member) for member in value]
    return len(value) if isinstance(value, str) else value


def test_whether_and_how_many_passes_were_shown_is_not_seen_in_the_next_request(
    town: Town, two: list[Citizen]
) -> None:
    for _ in range(5):
        two[0].show()
    town.until(town.window_end() + 3600)
    for person in two:
        person.done("sync")
    one, other = town.net.posted("/v1/passes")[-2:]
    assert form(one.members) == form(other.members)
    assert [batch["key_id"] for batch in one.members["batches"]] == [
        batch["key_id"] for batch in other.members["batches"]
    ]


def test_over_200_codes_are_all_of_592_characters_and_version_13(town: Town) -> None:
    codes: list[str] = []
    for number in range(13):
        wallet = town.activated(f"citizen {number}").file.load()
        for now in (town.now,) * 8 + (town.window_end(),) * 8:
            showing = choose(wallet, now=now, again=False, agreed=False, below=lambda _: 0)
            wallet = showing.wallet
            codes.append(present(showing, now=now))
    assert len(set(codes)) == 208
    assert {len(code) for code in codes} == {592}
    assert {fitting_version(code) for code in codes} == {13}
    assert {qr_version(code) for code in codes[:3]} == {13}


def fitting_version(text: str) -> int:
    """The version that a code needs at level L, found without drawing it."""
    code = qrcode.QRCode(error_correction=qrcode.constants.ERROR_CORRECT_L)
    code.add_data(text.encode(), optimize=0)
    return int(code.best_fit(start=1))


def test_no_value_of_a_request_comes_twice_but_what_names_the_wallet_to_its_issuer(
    town: Town, two: list[Citizen]
) -> None:
    town.until(town.window_end() + 3600)
    for person in two:
        person.done("sync")
    values = [
        value
        for sent in town.net.posted("/v1/passes")
        for batch in sent.members["batches"]
        for value in batch["blinded"]
    ]
    assert len(values) == len(set(values)) == 2 * 3 * 8
    assert {len(b64url_decode(value)) for value in values} == {256}
    assert b64url_encode(b64url_decode(values[0])) == values[0]
