"""The API as a whole: the order of checks, sizes, codes, roles, limits, and what it never says."""

from collections.abc import Callable
from typing import Any

import pytest

from issuer.api.app import CALLS, READS
from issuer.api.requests import BODY_LIMIT
from issuer.publication.making import make_missing_keys, publish
from issuer.staff import Role
from schemas.encoding import format_time
from schemas.kinds import DAY
from schemas.problems import STATUS, Problem
from tests.support.asgi import Reply
from tests.support.issuer_commands import PERSON
from tests.support.issuers import NOON, Service, Wallet
from tests.support.statements import begin_with_sunset
from tests.support.texts import to_json

WALLET_CALLS = ["/v1/entitlements", "/v1/passes", "/v1/me", "/v1/me/end"]
STAFF_CALLS = ["/v1/codes", "/v1/codes/cancel", "/v1/withdrawals", "/v1/withdrawals/lift"]
TOO_LARGE, INVALID = (413, "too_large"), (400, "invalid")
BAD_DPOP, NO_KEY, ROLE = (401, "bad_dpop"), (401, "not_allowed"), (403, "not_allowed")


def everyone_s_call(issuer: Service, path: str, body: bytes, **more: Any) -> Reply:
    """A call by someone who may make it."""
    if path in WALLET_CALLS:
        return issuer.wallet().post(path, body, **more)
    role = Role.OFFICER if path.endswith("lift") else Role.REGISTRAR
    return issuer.post(path, body, key=issuer.staff(role), **more)


def right_bodies(issuer: Service, wallet: Wallet) -> dict[str, Any]:
    """For each call a body that is done."""
    entitlement = {"entitlement": wallet.entitlement}
    withdrawal = {"reference": "P1", "evidence": "contact", "at": format_time(NOON)}
    return {
        "/v1/codes": issuer.result(),
        "/v1/codes/cancel": {"code": issuer.code()},
        "/v1/withdrawals": withdrawal,
        "/v1/withdrawals/lift": withdrawal,
        "/v1/entitlements": {"code": issuer.code()},
        "/v1/passes": entitlement | {"batches": [wallet.batch(issuer.pass_key(wallet))]},
        "/v1/me": entitlement,
        "/v1/me/end": entitlement,
    }


# Who may


@pytest.mark.parametrize("path", WALLET_CALLS)
def test_wallets_need_a_proof(issuer: Service, path: str) -> None:
    body = right_bodies(issuer, issuer.activated())[path]
    assert issuer.post(path, body).code == BAD_DPOP
    assert issuer.post(path, body, key=issuer.staff("officer")).code == BAD_DPOP


@pytest.mark.parametrize("path", STAFF_CALLS)
@pytest.mark.parametrize(
    "header",
    [
        None,
        "Bearer",
        "Bearer ",
        "Bearer wrong",
        "Bearer ключ".encode().decode("latin-1"),
        "Basic {key}",
        "{key}",
        "Bearer {key}x",
        "Bearer {key} {key}",
        "DPoP {key}",
    ],
)
def test_staff_need_a_key(issuer: Service, path: str, header: str | None) -> None:
    body = to_json(right_bodies(issuer, issuer.activated())[path])
    key = issuer.staff("officer" if path.endswith("lift") else "registrar")
    headers = [] if header is None else [("Authorization", header.format(key=key))]
    reply = issuer.call("POST", path, chunks=(body,), headers=headers)
    assert reply.code == NO_KEY


def test_the_scheme_is_compared_without_case(issuer: Service) -> None:
    headers = [("Authorization", f"bearer  {issuer.staff('registrar')}")]
    reply = issuer.call("POST", "/v1/codes", chunks=(to_json(issuer.result()),), headers=headers)
    assert reply.status == 200


MAY = {
    "/v1/codes": {"registrar"},
    "/v1/codes/cancel": {"registrar"},
    "/v1/withdrawals": {"registrar", "officer"},
    "/v1/withdrawals/lift": {"officer"},
}


@pytest.mark.parametrize("path", STAFF_CALLS)
@pytest.mark.parametrize("role", list(Role))
def test_every_role_may_do_what_it_is_for_and_nothing_else(
    issuer: Service, path: str, role: Role
) -> None:
    reply = issuer.post(
        path, right_bodies(issuer, issuer.activated())[path], key=issuer.staff(role)
    )
    if role in MAY[path]:
        assert reply.status == 200
    else:
        assert reply.code == ROLE


@pytest.mark.parametrize("path", WALLET_CALLS)
def test_wallets_may_do_what_is_theirs(issuer: Service, path: str) -> None:
    wallet = issuer.activated()
    assert wallet.post(path, right_bodies(issuer, wallet)[path]).status == 200


def test_a_removed_account_may_nothing(issuer: Service) -> None:
    key = issuer.staff("registrar")
    issuer.authority.staff.remove("registrar")
    assert issuer.post("/v1/codes", issuer.result(), key=key).code == NO_KEY


# The order of checks: size, who, shape, rules


@pytest.mark.parametrize("path", CALLS)
def test_the_size_is_checked_before_who_calls(issuer: Service, path: str) -> None:
    assert issuer.post(path, b"x" * (BODY_LIMIT + 1)).code == TOO_LARGE


@pytest.mark.parametrize("path", WALLET_CALLS)
def test_a_wallet_is_checked_before_the_shape(issuer: Service, path: str) -> None:
    wallet = issuer.wallet()
    assert wallet.post(path, b"no JSON", proof="wrong").code == BAD_DPOP
    assert wallet.post(path, b"no JSON").code == INVALID


@pytest.mark.parametrize("path", STAFF_CALLS)
def test_staff_are_checked_before_the_shape(issuer: Service, path: str) -> None:
    assert issuer.post(path, b"no JSON", key="wrong").code == NO_KEY
    assert issuer.post(path, b"no JSON", key=issuer.staff("auditor")).code == ROLE
    assert everyone_s_call(issuer, path, b"no JSON").code == INVALID


@pytest.mark.parametrize("path", ["/v1/passes", "/v1/me", "/v1/me/end"])
def test_the_shape_is_checked_before_the_entitlement(issuer: Service, path: str) -> None:
    body = right_bodies(issuer, issuer.activated())[path] | {"entitlement": "a.b.c"}
    wallet = issuer.wallet()
    assert wallet.post(path, body | {"more": 1}).code == INVALID
    assert wallet.post(path, body).code == NO_KEY


def test_whose_entitlement_it_is_is_checked_before_the_rules(issuer: Service) -> None:
    body = right_bodies(issuer, issuer.activated())["/v1/passes"]
    body["batches"][0]["key_id"] = "A" * 43
    assert issuer.wallet().post("/v1/passes", body).code == NO_KEY


def test_the_role_for_fraud_is_checked_after_the_shape_and_before_the_rules(
    issuer: Service,
) -> None:
    body = {"reference": "P1", "evidence": "fraud", "at": format_time(NOON + DAY)}
    key = issuer.staff("registrar")
    assert issuer.post("/v1/withdrawals", body | {"more": 1}, key=key).code == INVALID
    assert issuer.post("/v1/withdrawals", body, key=key).code == ROLE
    assert issuer.post("/v1/withdrawals", body, key=issuer.staff("officer")).code == INVALID


# Sizes and shapes


@pytest.mark.parametrize("declared", [True, False])
@pytest.mark.parametrize("path", CALLS)
def test_a_body_of_256_000_bytes_is_read_and_one_more_is_not(
    issuer: Service, path: str, declared: bool
) -> None:
    for size, code in ((BODY_LIMIT, INVALID), (BODY_LIMIT + 1, TOO_LARGE)):
        body = b" " * size
        chunks = [body[start : start + 65536] for start in range(0, size, 65536)]
        headers = [("Content-Length", str(size))] if declared else []
        if path in WALLET_CALLS:
            headers.append(("DPoP", issuer.wallet().proof(path, body)))
        else:
            role = "officer" if path.endswith("lift") else "registrar"
            headers.append(("Authorization", f"Bearer {issuer.staff(role)}"))
        assert issuer.call("POST", path, chunks=chunks, headers=headers).code == code


def test_a_declared_size_is_refused_before_the_body_is_read(issuer: Service) -> None:
    for size in ("256001", "9" * 400):
        reply = issuer.call("POST", "/v1/me", chunks=(), headers=[("Content-Length", size)])
        assert reply.code == TOO_LARGE


@pytest.mark.parametrize("size", ["5", "-1", "many", "1e9", "²"])
def test_a_declared_size_that_is_wrong_does_not_help(issuer: Service, size: str) -> None:
    chunks = [b" " * 65536] * 4
    reply = issuer.call("POST", "/v1/me", chunks=chunks, headers=[("Content-Length", size)])
    assert reply.code == TOO_LARGE


WRONG_SHAPES = {
    "empty": b"",
    "no JSON": b"{",
    "not UTF-8": b'{"code":"\xff"}',
    "a list": b"[]",
    "a text": b'"x"',
    "nothing": b"null",
    "no members": b"{}",
    "a further member": b'{"code":"0000-0000-0000-0000","more":1}',
    "duplicate members": b'{"code":"0000-0000-0000-0000","code":"0000-0000-0000-0000"}',
    "duplicate members further in": b'{"code":{"a":1,"a":2}}',
    "another type": b'{"code":5}',
    "an empty code": b'{"code":""}',
    "a long code": b'{"code":"' + b"0" * 65 + b'"}',
    "NaN": b'{"code":NaN}',
    "infinity": b'{"code":1e999}',
    "a huge number": b'{"code":' + b"9" * 5000 + b"}",
    "deep lists": b'{"code":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "deep objects": b'{"a":' * 40_000 + b"1" + b"}" * 40_000,
    "a byte order mark": b'\xef\xbb\xbf{"code":"0000-0000-0000-0000"}',
    "two values": b'{"code":"0000-0000-0000-0000"}{}',
}


@pytest.mark.parametrize("body", WRONG_SHAPES.values(), ids=WRONG_SHAPES)
def test_a_body_of_another_shape_is_invalid(issuer: Service, body: bytes) -> None:
    assert everyone_s_call(issuer, "/v1/entitlements", body).code == INVALID
    assert everyone_s_call(issuer, "/v1/codes/cancel", body).code == INVALID


def test_half_a_surrogate_is_neither_code_nor_reference(issuer: Service) -> None:
    body = b'{"code":"\\ud800"}'
    assert issuer.wallet().post("/v1/entitlements", body).code == INVALID
    result = to_json(issuer.result(reference="XX")).replace(b"XX", b"\\ud800")
    assert issuer.post("/v1/codes", result, key=issuer.staff("registrar")).code == INVALID


@pytest.mark.parametrize(
    "changes",
    [
        {"at": "2026-03-17T09:30:00+05:00"},
        {"at": "2026-03-17T09:30Z"},
        {"at": "2026-03-17T09:30:00.5Z"},
        {"at": "2026-02-30T09:30:00Z"},
        {"at": NOON},
        {"birthday": "1988-03-17"},
        {"birthday": "3-17"},
        {"birthday": None},
        {"evidence": "PCR"},
        {"evidence": "unknown"},
        {"reference": ""},
        {"reference": " - "},
        {"reference": "x" * 65},
        {"reference": 880317300134},
    ],
    ids=str,
)
def test_a_result_of_another_form_is_invalid(issuer: Service, changes: dict[str, Any]) -> None:
    body = issuer.result() | changes
    assert issuer.post("/v1/codes", body, key=issuer.staff("registrar")).code == INVALID


@pytest.mark.parametrize("path", ["/v1/withdrawals", "/v1/withdrawals/lift"])
@pytest.mark.parametrize(
    "changes",
    [
        {"evidence": "pcr_negative"},
        {"at": "now"},
        {"at": "2026-02-30T00:00:00Z"},
        {"reference": ""},
    ],
    ids=str,
)
def test_a_withdrawal_of_another_form_is_invalid(
    issuer: Service, path: str, changes: dict[str, Any]
) -> None:
    body = {"reference": "P1", "evidence": "contact", "at": format_time(NOON)} | changes
    assert issuer.post(path, body, key=issuer.staff("officer")).code == INVALID


# Every code of the closed list


def refusals(issuer: Service) -> dict[Problem, Callable[[], Reply]]:
    """For each code a call that gets it."""
    wallet = issuer.activated(reference="R1")
    used = issuer.code(reference="R2")
    own = issuer.pass_key(wallet)
    issuer.wallet().activate(used)
    ended, withdrawn = issuer.activated(), issuer.activated(reference="R3")
    ended.end()
    issuer.withdraw("R3", "contact")
    short = issuer.activated(reference="R4")
    short_window = issuer.pass_key(short, ahead=1)
    result = issuer.result()
    issuer.post("/v1/codes", result, key=issuer.staff("registrar"))
    issued = issuer.activated(reference="R5")
    issued.fetch()
    one_address = "192.0.2.1"

    def too_many() -> Reply:
        for _ in range(20):
            issuer.wallet().post("/v1/entitlements", {"code": "0" * 16}, address=one_address)
        return issuer.wallet().post("/v1/entitlements", {"code": "0" * 16}, address=one_address)

    def expired() -> Reply:
        old = issuer.activated(reference="R6", at_seconds=NOON - 3 * DAY + 1)
        return old.fetch(old.batch(issuer.pass_key(old, ahead=1)))

    def not_ready() -> Reply:
        issuer.home.bundle.rename(issuer.home.bundle.with_suffix(".away"))
        try:
            return issuer.get("/healthz")
        finally:
            issuer.home.bundle.with_suffix(".away").rename(issuer.home.bundle)

    def failed() -> Reply:
        content = issuer.home.bundle.read_bytes()
        issuer.home.bundle.write_bytes(b"damaged")
        try:
            return issuer.get("/healthz")
        finally:
            issuer.home.bundle.write_bytes(content)

    def sunset() -> Reply:
        before, issuer.clock.now = issuer.now, issuer.authority.sunset
        try:
            return issuer.get("/healthz")
        finally:
            issuer.clock.now = before

    return {
        Problem.INVALID: lambda: wallet.post("/v1/me", b"{}"),
        Problem.BAD_DPOP: lambda: wallet.post("/v1/me", b"{}", proof="x"),
        Problem.NOT_ALLOWED: lambda: issuer.post("/v1/codes", {}),
        Problem.WITHDRAWN: withdrawn.fetch,
        Problem.ENDED: ended.fetch,
        Problem.ENTITLEMENT_EXPIRED: expired,
        Problem.CODE_UNKNOWN: lambda: wallet.activate("0000-0000-0000-0000"),
        Problem.NOT_FOUND: lambda: issuer.get("/v1"),
        Problem.CODE_USED: lambda: issuer.wallet().activate(used),
        Problem.BATCH_ALREADY_ISSUED: lambda: issued.fetch(issued.batch(own, label="other")),
        Problem.ALREADY_REGISTERED: lambda: issuer.post(
            "/v1/codes", result, key=issuer.staff("registrar")
        ),
        Problem.SUNSET: sunset,
        Problem.TOO_LARGE: lambda: issuer.post("/v1/me", b" " * (BODY_LIMIT + 1)),
        Problem.WRONG_KEY: lambda: wallet.fetch(wallet.batch(short_window) | {"key_id": "A" * 43}),
        Problem.BAD_BATCH: lambda: wallet.fetch(wallet.batch(own, size=7)),
        Problem.NOT_AN_IIN: lambda: issuer.post(
            "/v1/codes", result | {"reference": "600317300018"}, key=issuer.staff("registrar")
        ),
        Problem.TOO_MANY: too_many,
        Problem.NOT_READY: not_ready,
        Problem.FAILED: failed,
    }


@pytest.mark.parametrize("problem", list(Problem))
def test_every_code_can_be_met_with_its_status(issuer: Service, problem: Problem) -> None:
    reply = refusals(issuer)[problem]()
    assert reply.code == (STATUS[problem], problem.value)
    assert int(reply.headers["content-length"]) == len(reply.body)
    assert reply.headers["cache-control"].startswith("no-store")
    assert reply.headers["date"] == "Tue, 17 Mar 2026 07:00:00 GMT" or problem is Problem.SUNSET


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/"),
        ("GET", "/v1/codes"),
        ("POST", "/v1/codes/"),
        ("POST", "/v2/codes"),
        ("PUT", "/v1/me"),
        ("DELETE", "/v1/me"),
        ("OPTIONS", "/v1/me"),
        ("POST", "/healthz"),
        ("GET", "/docs"),
        ("GET", "/.well-known/qupia/"),
        ("GET", "/../issuer.json"),
    ],
)
def test_other_addresses_and_methods_are_not_found(issuer: Service, method: str, path: str) -> None:
    assert issuer.call(method, path).code == (404, "not_found")


# Limits


def test_failures_are_limited_to_20_a_minute_for_each_address(issuer: Service) -> None:
    wallet = issuer.wallet()

    def guess(address: str) -> tuple[int, str]:
        body = {"code": "0000-0000-0000-0000"}
        return wallet.post("/v1/entitlements", body, address=address).code

    assert [guess("192.0.2.1") for _ in range(20)] == [(404, "code_unknown")] * 20
    assert guess("192.0.2.1") == (429, "too_many")
    assert guess("192.0.2.2") == (404, "code_unknown")
    issuer.clock.now += 60
    assert guess("192.0.2.1") == (404, "code_unknown")


def test_failures_of_every_kind_of_guess_count_together(issuer: Service) -> None:
    wallet, code = issuer.wallet(), issuer.code()
    issuer.wallet().activate(code)
    guesses: list[Callable[[], Reply]] = [
        lambda: wallet.post("/v1/entitlements", {"code": "0" * 16}, address="192.0.2.1"),
        lambda: wallet.post("/v1/entitlements", {"code": code}, address="192.0.2.1"),
        lambda: wallet.post("/v1/me", {}, proof="wrong", address="192.0.2.1"),
        lambda: issuer.post("/v1/codes", {}, key="wrong", address="192.0.2.1"),
        lambda: issuer.call("GET", "/metrics", address="192.0.2.1"),
    ]
    for _ in range(4):
        for guess in guesses:
            assert guess().status != 429
    assert [guess().status for guess in guesses] == [429] * 5


def test_success_is_never_limited(issuer: Service) -> None:
    wallet = issuer.activated()
    body = {"entitlement": wallet.entitlement}
    address = "192.0.2.1"
    for _ in range(30):
        issuer.wallet().post("/v1/entitlements", {"code": "0" * 16}, address=address)
    for _ in range(30):
        assert wallet.post("/v1/me", body, address=address).status == 200


def test_refusals_that_are_no_guesses_are_not_counted(issuer: Service) -> None:
    wallet = issuer.activated(reference="P1")
    issuer.withdraw("P1", "contact")
    body = {"entitlement": wallet.entitlement, "batches": [wallet.batch(issuer.pass_key(wallet))]}
    for _ in range(25):
        assert wallet.post("/v1/passes", body, address="192.0.2.1").status == 403
        assert wallet.post("/v1/passes", b"{}", address="192.0.2.1").status == 400


# The end


@pytest.mark.parametrize("ahead", [0, DAY, 400 * DAY])
def test_past_the_sunset_every_path_says_so_and_nothing_is_made(
    issuer: Service, ahead: int
) -> None:
    wallet = issuer.activated(evidence="vaccinated_full")
    bodies = right_bodies(issuer, wallet)
    sunset = issuer.authority.sunset
    census = issuer.authority.store.census(NOON)
    issuer.clock.now = sunset + ahead
    for path, body in bodies.items():
        assert everyone_s_call(issuer, path, to_json(body)).code == (410, "sunset")
    for path in READS:
        assert issuer.get(path).code == (410, "sunset")
    assert make_missing_keys(issuer.authority, issuer.now) == 0
    assert publish(issuer.authority, issuer.now) is False
    assert issuer.authority.store.census(NOON) == census


def test_the_second_before_the_sunset_is_like_any_other(issuer: Service) -> None:
    wallet = issuer.activated(evidence="vaccinated_full")
    begin_with_sunset(issuer, NOON + 30 * DAY)
    issuer.clock.now = issuer.authority.sunset - 1
    make_missing_keys(issuer.authority, issuer.now)
    publish(issuer.authority, issuer.now)
    assert wallet.fetch().status == 200


def test_a_sunset_that_was_moved_earlier_holds_for_a_running_service(issuer: Service) -> None:
    begin_with_sunset(issuer, NOON)
    assert issuer.register().code == (410, "sunset")


# What it never says


def test_an_unforeseen_error_says_its_type_and_place_and_nothing_of_the_request(
    issuer: Service, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def stumble(*_arguments: Any, **_more: Any) -> None:
        raise KeyError(PERSON)

    monkeypatch.setattr("issuer.registration.registrar.Registrar.register", stumble)
    reply = issuer.register(reference=PERSON)
    assert reply.code == (500, "failed")
    out, err = capfd.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert err.startswith("error: KeyError at test_app.py:")
    assert PERSON not in err + repr(reply)


def test_a_home_that_fails_is_said_to_the_operator_and_not_to_the_caller(
    issuer: Service, capfd: pytest.CaptureFixture[str]
) -> None:
    issuer.home.reference_key.unlink()
    reply = issuer.register()
    assert reply.code == (500, "failed")
    out, err = capfd.readouterr()
    assert out == ""
    assert err.startswith("error: ") and "reference.key is missing" in err
    assert err.count("\n") == 1


def test_nothing_that_was_sent_is_logged(
    issuer: Service, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    for problem, call in refusals(issuer).items():
        if problem is not Problem.FAILED:
            call()
    out, err = capfd.readouterr()
    assert (out, err, caplog.text) == ("", "", "")
