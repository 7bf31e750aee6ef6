"""Every vector is decided as it says, without a network."""

import json
import socket
from pathlib import Path
from typing import Any, NoReturn

import pytest

from schemas.bundle import TrustBundle
from schemas.refusals import Reason, Refused
from schemas.trust import TrustState, read_bundle
from tests.vectors.make import DOORS, files
from verifier.door.seen import SeenSet
from verifier.door.verification import Venue, Verdict, verify

CASES = sorted(DOORS.glob("*.json"))


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> NoReturn:
        raise AssertionError("a decision reached for the network")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


def bundle_of(case: dict[str, Any]) -> TrustBundle | None:
    if case["bundle"] is None:
        return None
    state = TrustState(anchor=case["root"])
    return read_bundle((DOORS / case["bundle"]).read_bytes(), anchor=state.anchor).bundle


def venue_of(case: dict[str, Any]) -> Venue | None:
    if case["venue"] is None:
        return None
    bindings = {int(hour): bytes.fromhex(b) for hour, b in case["venue"]["bindings"].items()}
    return Venue(bindings, strict=case["venue"]["strict"])


def decide(case: dict[str, Any]) -> Verdict:
    bundle, venue, seen = bundle_of(case), venue_of(case), SeenSet()
    policy = bundle.policy(case["policy"]) if bundle is not None else None
    for earlier in case["before"]:
        verify(
            earlier["text"],
            bundle=bundle,
            policy=policy,
            now=earlier["now"],
            venue=venue,
            seen=seen,
        )
    return verify(
        case["text"], bundle=bundle, policy=policy, now=case["now"], venue=venue, seen=seen
    )


@pytest.mark.usefixtures("no_network")
@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_a_vector_is_decided_as_it_says(path: Path) -> None:
    case = json.loads(path.read_text())
    assert case["name"] == path.stem
    if case["reason"] is None:
        said = (case[name] for name in ("status", "holder", "asks_hint", "paper"))
        assert decide(case) == Verdict(*said)
        return
    with pytest.raises(Refused) as refused:
        decide(case)
    assert refused.value.reason == case["reason"]
    assert refused.value.outcome == case["outcome"]
    assert refused.value.seconds == case["seconds"]


def test_there_is_a_vector_for_each_reason_that_a_text_can_have() -> None:
    reasons = {json.loads(path.read_text())["reason"] for path in CASES}
    assert reasons == {reason.value for reason in Reason if reason is not Reason.NO_CODE} | {None}


def test_the_vectors_are_what_their_script_makes() -> None:
    made = files()
    assert {path.name for path in DOORS.iterdir()} == made.keys()
    assert all((DOORS / name).read_bytes() == data for name, data in made.items())
