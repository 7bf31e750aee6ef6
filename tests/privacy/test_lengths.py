"""Whoever counts bytes under TLS learns nothing: one length for everybody, whatever comes of it."""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import redirect_stderr
from io import StringIO
from pathlib import Path
from unittest.mock import patch

import pytest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from benchmarks.privacy.real_figures import differing_lengths
from benchmarks.privacy.real_wire import Request
from issuer.api import wallet_calls
from schemas.bundle import PassKey
from schemas.encoding import b64url_encode
from schemas.jws import parse
from schemas.kinds import HOUR
from shell import fetching
from tests.support.issuers import blinded
from tests.support.street import BIRTHDAYS, EVIDENCE, Caller, Street, street
from wallet_sim.passes.account import new_private_key

CALLS = ("/v1/entitlements", "/v1/passes", "/v1/me", "/v1/me/end")


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Street]:
    with street(tmp_path) as place:
        yield place


def live(place: Street) -> None:
    """Everybody activates, looks what is held, and asks for passes again on the next day."""
    for status in EVIDENCE:
        for hint in BIRTHDAYS:
            place.activated(status, hint).ask_what_is_held()
    place.activated()
    place.tomorrow()
    place.office.withdraw("N0")
    place.phones[1].end()
    for phone in place.phones:
        phone.ask_for_passes()
        phone.ask_what_is_held()


def answers(requests: Iterable[Request]) -> dict[str, dict[str, set[tuple[int, ...]]]]:
    """By path and outcome, the lengths of the answers."""
    found: dict[str, dict[str, set[tuple[int, ...]]]] = defaultdict(lambda: defaultdict(set))
    for request in requests:
        if request.path in CALLS:
            found[request.path][request.code].add(request.answered)
    return found


def test_each_call_of_a_wallet_has_one_length_and_its_answer_another(place: Street) -> None:
    live(place)
    outcomes = {(request.path, request.code) for request in place.wire.requests}
    assert {*((path, "") for path in CALLS)} < outcomes
    assert ("/v1/passes", "withdrawn") in outcomes
    assert differing_lengths(place.wire.requests) == []


def test_each_answer_is_written_at_once(place: Street) -> None:
    live(place)
    assert {len(request.answered) for request in place.wire.requests if request.iat} == {1}


# What is refused to wallets


def refuse_codes(place: Street) -> None:
    """For every reason for which a code is refused."""
    used = place.slip()
    place.phone().activate(used)
    place.phone().activate(used)
    stranger, path = Caller.stranger(place), "/v1/entitlements"
    stranger.post(path, b'{"code":"0000-0000-0000-0000"}')
    stranger.post(path, b"{}")
    stranger.post(path, b"{}", late=90)
    stranger.post(path, b" " * 300_000)
    with patch.object(wallet_calls, "activate", side_effect=RuntimeError):
        stranger.post(path, b'{"code":"0000-0000-0000-0000"}')
    for _ in range(22):
        stranger.post(path, b"{}", late=90, address=201)


def own_key(place: Street, status: str) -> PassKey:
    bundle, window = place.office.authority.bundle(), place.office.window()
    key = bundle.key_for(status=status, holder="03", window=window)
    assert key is not None
    return key


def refuse_passes(place: Street) -> None:
    """For every reason for which passes are refused, and what is held."""
    callers = [Caller.with_wallet_of(place, place.activated()) for _ in range(3)]
    rightful, ill, ended = callers
    own, other = own_key(place, "green"), own_key(place, "blue")
    values = blinded(own, label="another")
    batch = {"key_id": b64url_encode(own.id), "blinded": values}
    rightful.ask(batch)
    rightful.ask({"key_id": b64url_encode(other.id), "blinded": blinded(other)})
    rightful.ask(batch | {"blinded": values[:1] * 8})
    rightful.ask(batch, late=90)
    rightful.post("/v1/passes", b"{}")
    rightful.post("/v1/passes", b" " * 300_000)
    Caller(place, rightful.token, new_private_key()).ask(batch)
    place.office.withdraw("N3")
    ill.ask(batch)
    place.phones[4].end()
    ended.ask(batch)
    with patch.object(wallet_calls, "take_batches", side_effect=RuntimeError):
        rightful.ask(batch)
    for _ in range(22):
        rightful.ask(batch, late=90, address=201)


def refuse_later(place: Street) -> None:
    """For reasons that come with time: an entitlement, a key and the whole system end."""
    slip = place.slip("pcr_negative", age=64 * HOUR)
    place.phone().activate(slip)
    short = Caller.with_wallet_of(place, place.phones[-1])
    lasting = Caller.with_wallet_of(place, place.activated())
    place.tomorrow()
    own = own_key(place, "green")
    batch = {"key_id": b64url_encode(own.id), "blinded": blinded(own)}
    short.ask(batch)
    [file] = place.office.home.pass_keys.glob(f"*.{b64url_encode(own.id)}.pem")
    file.unlink()
    place.office.authority.raw_keys.forget(place.moment(), frozenset())
    lasting.ask(batch)
    place.moment.reach(place.office.authority.sunset)
    lasting.ask(batch)
    lasting.post("/v1/entitlements", b"{}")
    lasting.post("/v1/me", b"{}")
    lasting.post("/v1/me/end", b"{}")


@pytest.mark.process  # The store compacts its files in a process of its own.
def test_whatever_is_refused_to_a_wallet_the_answer_is_as_long_as_any_other(
    place: Street,
) -> None:
    with redirect_stderr(StringIO()):
        refuse_codes(place)
        refuse_passes(place)
        live(place)
        refuse_later(place)
    found = answers(place.wire.requests)
    assert set(found["/v1/entitlements"]) == {
        *("", "invalid", "bad_dpop", "code_unknown", "code_used", "too_large", "too_many"),
        *("sunset", "failed"),
    }
    assert set(found["/v1/passes"]) == {
        *("", "invalid", "bad_dpop", "not_allowed", "withdrawn", "ended", "entitlement_expired"),
        *("batch_already_issued", "wrong_key", "bad_batch", "too_large", "too_many", "sunset"),
        *("not_ready", "failed"),
    }
    several = {
        path: {code: sizes for code, sizes in outcomes.items() if sizes != outcomes[""]}
        for path, outcomes in found.items()
    }
    assert several == {path: {} for path in CALLS}


# What is planted is found


def telling_colours(app: ASGIApp) -> ASGIApp:
    """An issuer that answers whoever is blue with one byte more."""

    async def telling(scope: Scope, receive: Receive, send: Send) -> None:
        body = b""

        async def heard() -> Message:
            nonlocal body
            message = await receive()
            body += message.get("body", b"")
            return message

        async def told(message: Message) -> None:
            if message["type"] == "http.response.start" and scope["path"] == "/v1/passes":
                status = parse(json.loads(body)["entitlement"]).unverified_payload["status"]
                colour = b"x" if status == "blue" else b""
                message["headers"] = [*message["headers"], (b"x-colour", colour)]
            await send(message)

        await app(scope, heard, told)

    return telling


def test_an_answer_that_is_a_byte_longer_for_one_status_is_found(tmp_path: Path) -> None:
    with street(tmp_path, telling_colours) as place:
        for status in EVIDENCE:
            place.activated(status)
        sizes = {sum(one.answered) for one in place.wire.requests if one.path == "/v1/passes"}
    assert len(sizes) == 2
    assert [name for name in differing_lengths(place.wire.requests) if "answer /v1/passes" in name]


def test_a_wallet_whose_requests_are_a_byte_longer_is_found(place: Street) -> None:
    place.activated()
    with patch.dict(fetching.HEADERS, {"User-Agent": "qupia2"}):
        place.activated()
    found = differing_lengths(place.wire.requests)
    assert [name for name in found if name.startswith("request /v1/passes")]
    assert [name for name in found if name.startswith("request /.well-known/qupia/trust-bundle")]
