"""Calls to the issuer: what goes out, which answers are believed, when a call is repeated."""

import json
from typing import Any

import pytest

from schemas import jws
from schemas.problems import ApiProblem, Problem
from shell.errors import CommandError
from shell.fetching import Answer
from tests.support.issuer_in_memory import Request
from tests.support.world import NOON
from wallet_sim.fetching.client import Client
from wallet_sim.fetching.clock import CorrectedClock
from wallet_sim.passes.account import new_private_key

KEY = new_private_key()


class Wire:
    """Gives prepared answers, one after the other, and remembers what was sent."""

    def __init__(self, *answers: Answer) -> None:
        self.answers = list(answers)
        self.requests: list[Request] = []
        self.limits: list[int] = []

    def __call__(self, method: str, url: str, *, limit: int, body=None, headers=None) -> Answer:
        self.requests.append(Request(method, url, body or b"", headers or {}))
        self.limits.append(limit)
        return self.answers.pop(0)


def ok(members: object, date: str = "") -> Answer:
    return Answer(200, json.dumps(members).encode(), date, "")


def problem(code: str, status: int, date: str = "") -> Answer:
    body = json.dumps({"title": "t", "status": status, "code": code}).encode()
    return Answer(status, body, date, "")


def client(wire: Wire) -> Client:
    return Client(
        "https://qupia.example", wire, CorrectedClock(lambda: NOON, lambda: 0.0, 0, [].append)
    )


def post(wire: Wire) -> dict[str, Any]:
    """A call by a wallet that knows the issuer's time already."""
    return end(knowing(wire))


def knowing(wire: Wire) -> Client:
    ours = client(wire)
    ours.clock.learn(healthy(), sent=NOON)
    return ours


def healthy(date: str = "Tue, 17 Mar 2026 07:00:00 GMT") -> Answer:
    return ok({"status": "ok"}, date)


def end(ours: Client) -> dict[str, Any]:
    return ours.post("/v1/me/end", {"entitlement": "e"}, account_key=KEY, schema="done-answer")


def test_a_call_carries_a_proof_of_the_body_as_it_is_sent() -> None:
    wire = Wire(ok({"done": True}))
    assert post(wire) == {"done": True}
    [request] = wire.requests
    assert (request.method, request.path) == ("POST", "https://qupia.example/v1/me/end")
    assert request.body == b'{"entitlement":"e"}'
    assert set(request.headers) == {"Content-Type", "DPoP"}


@pytest.mark.parametrize("code", list(Problem))
def test_each_refusal_of_the_closed_list_arrives_as_itself(code: Problem) -> None:
    with pytest.raises(ApiProblem) as caught:
        post(Wire(problem(code, 403)))
    assert (caught.value.fault, caught.value.status) == (code, 403)


@pytest.mark.parametrize(
    "answer",
    [
        Answer(500, b"<html>oops", "", ""),
        Answer(500, b"", "", ""),
        Answer(302, b"{}", "", ""),
        problem("a_code_of_the_future", 400),
        Answer(400, b'{"code": "invalid"}', "", ""),
        Answer(200, b"", "", ""),
        Answer(200, b"\xff", "", ""),
        Answer(200, b"[" * 100_000, "", ""),
        Answer(200, b'{"done": true, "done": true}', "", ""),
        ok({}),
        ok({"done": 1}),
        ok([True]),
    ],
)
def test_an_answer_that_makes_no_sense_is_one_clear_line(answer: Answer) -> None:
    with pytest.raises(CommandError, match="makes no sense to this wallet") as caught:
        post(Wire(answer))
    assert caught.value.exit_code == 2


def test_before_the_first_call_the_issuer_is_asked_for_its_time() -> None:
    wire = Wire(healthy("Tue, 17 Mar 2026 09:30:00 GMT"), ok({"done": True}))
    end(client(wire))
    asked, called = wire.requests
    assert (asked.method, asked.path) == ("GET", "https://qupia.example/healthz")
    assert iat(called) == NOON + 9_000


def test_a_proof_carries_the_issuers_time_and_not_the_phones() -> None:
    wire = Wire(healthy(), ok({"done": True}))
    clock = CorrectedClock(lambda: NOON + 12_345, lambda: 0.0, 0, [].append)
    end(Client("https://qupia.example", wire, clock))
    assert iat(wire.requests[1]) == NOON


def test_after_bad_dpop_the_time_is_asked_for_and_the_same_body_sent_once_more() -> None:
    late = "Tue, 17 Mar 2026 08:00:00 GMT"
    wire = Wire(problem("bad_dpop", 401), healthy(late), ok({"done": True}))
    end(knowing(wire))
    first, _, second = wire.requests
    assert first.body == second.body
    assert (iat(first), iat(second)) == (NOON, NOON + 3600)


def test_after_bad_dpop_the_call_is_not_tried_a_third_time() -> None:
    wire = Wire(problem("bad_dpop", 401), healthy(), problem("bad_dpop", 401))
    with pytest.raises(ApiProblem, match="bad_dpop"):
        post(wire)
    assert wire.answers == []


def test_an_issuer_that_does_not_say_its_time_gets_no_proof() -> None:
    wire = Wire(healthy(""))
    with pytest.raises(CommandError, match="does not say what time it is"):
        end(client(wire))
    assert [request.method for request in wire.requests] == ["GET"]


def test_another_refusal_is_not_tried_again() -> None:
    wire = Wire(problem("withdrawn", 403, "Tue, 17 Mar 2026 08:00:00 GMT"))
    ours = knowing(wire)
    with pytest.raises(ApiProblem, match="withdrawn"):
        ours.post("/v1/me", {}, account_key=KEY, schema="me-answer")
    assert ours.clock.offset == 0


def iat(request: Request) -> int:
    claims = jws.parse(request.headers["DPoP"]).unverified_payload["iat"]
    assert isinstance(claims, int)
    return claims


def test_the_bundle_is_fetched_without_any_mark_and_never_corrects_the_clock() -> None:
    wire = Wire(Answer(200, b"bundle", "Tue, 17 Mar 2026 08:00:00 GMT", ""))
    ours = client(wire)
    assert ours.fetch_bundle() == b"bundle"
    assert ours.clock.offset == 0
    [request] = wire.requests
    assert (request.method, request.body, dict(request.headers)) == ("GET", b"", {})
    assert request.path == "https://qupia.example/.well-known/qupia/trust-bundle"
    assert wire.limits == [4_000_000]


def test_a_refused_bundle_is_a_refusal() -> None:
    with pytest.raises(ApiProblem, match="sunset"):
        client(Wire(problem("sunset", 410))).fetch_bundle()


def test_the_time_can_be_asked_for_without_saying_who_asks() -> None:
    wire = Wire(Answer(503, b"{}", "Tue, 17 Mar 2026 08:00:00 GMT", ""))
    ours = client(wire)
    assert ours.check_clock()
    assert ours.clock.offset == 3600
    assert dict(wire.requests[0].headers) == {}


LOG = "elsewhere.example/.well-known/qupia/log/2"
TILE = "https://qupia.example/.well-known/qupia/log/2/tile/0/000"


def test_a_log_is_read_from_the_issuer_itself_whatever_host_its_name_begins_with() -> None:
    wire = Wire(Answer(200, bytes(96), "", ""))
    assert client(wire).fetch_leaves(LOG, 3) == [bytes(32)] * 3
    [request] = wire.requests
    assert (request.method, request.path, request.headers) == ("GET", f"{TILE}.p/3", {})
    assert wire.limits == [8192]


def test_a_partial_tile_that_is_gone_is_asked_for_whole() -> None:
    wire = Wire(problem("unknown", 404), Answer(200, bytes(8192), "", ""))
    assert client(wire).fetch_leaves(LOG, 3) == [bytes(32)] * 3
    assert [request.path for request in wire.requests] == [f"{TILE}.p/3", TILE]


@pytest.mark.parametrize(
    "answers",
    [
        [Answer(404, b"", "", ""), Answer(404, b"", "", "")],
        [Answer(200, bytes(95), "", "")],
        [Answer(200, b"<html>please log in</html>", "", "")],
    ],
)
def test_a_log_that_is_not_shown_is_one_clear_line(answers: list[Answer]) -> None:
    with pytest.raises(CommandError, match="does not show its whole log; try again later"):
        client(Wire(*answers)).fetch_leaves(LOG, 3)


def test_a_log_that_claims_to_be_endless_is_not_asked_for() -> None:
    wire = Wire()
    with pytest.raises(CommandError, match="does not show its whole log"):
        client(wire).fetch_leaves(LOG, 2**62)
    assert wire.requests == []
