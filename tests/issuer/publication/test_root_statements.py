"""A root statement made offline: requested, signed where the root is, checked, put in force."""

import json
from dataclasses import replace
from typing import Any

import pytest

from issuer.api.background import one_round
from issuer.keys.keyring import SigningKey, signer_path
from issuer.keys.roots import Changes, load_delegations, load_signer, sign_statement
from issuer.publication.making import publish
from issuer.publication.root_requests import (
    RootsBefore,
    SigningRequest,
    pending_signers,
    signing_request,
)
from issuer.publication.root_statements import StatementFault, StatementRefused, check_statement
from issuer.retention import overdue, run_retention
from schemas.jws import Typ
from schemas.kinds import DAY
from schemas.root_statements import encode_payload
from schemas.trust import TrustState, accept_bundle
from shell.errors import CommandError
from tests.support.issuers import NOON, Service
from tests.support.logs import MemoryLog
from tests.support.statements import publish_statement


@pytest.fixture
def root(issuer: Service) -> SigningKey:
    return SigningKey.load(issuer.home.root_key, Typ.ROOT)


@pytest.fixture
def request_(issuer: Service) -> SigningRequest:
    return signing_request(issuer.authority, Changes(), NOON)


@pytest.fixture
def statement(request_: SigningRequest, root: SigningKey) -> bytes:
    return request_.with_signature(root).encode()


def fault(issuer: Service, statement: bytes, now: int = NOON) -> StatementFault:
    """Why it is refused, by the check and by publishing, and that nothing has changed."""
    before = issuer.home.delegations.read_bytes()
    faults = []
    for call in (check_statement, publish_statement):
        with pytest.raises(StatementRefused) as caught:
            call(issuer.authority, statement, now)
        faults.append(caught.value.fault)
    assert faults[0] is faults[1]
    assert issuer.home.delegations.read_bytes() == before
    return faults[0]


def signer_of(request: SigningRequest) -> dict[str, Any]:
    """The signer that a request names, as a member of the statement."""
    [signer] = request.signed.statement.signers.values()
    return dict(signer)


def signed(root: SigningKey, request: SigningRequest, **changes: Any) -> bytes:
    """A statement with other members than were asked for."""
    members = json.loads(request.signed.statement.payload) | changes
    return json.dumps(sign_statement(encode_payload(members), [root])).encode()


# The request


def test_a_request_asks_for_the_next_statement_with_a_new_signer(
    issuer: Service, request_: SigningRequest, root: SigningKey
) -> None:
    assert request_.issuer == issuer.authority.config.url
    assert request_.before == RootsBefore((root.thumbprint,), 1)
    assert (request_.signed.statement.version, request_.missing()) == (2, 1)
    assert (signer_of(request_)["nbf"], request_.exp) == (NOON, NOON + 35 * DAY)
    [pending] = pending_signers(issuer.home)
    assert pending.load().thumbprint == request_.signer == pending.thumbprint


def test_a_request_survives_its_file_and_holds_no_secret(request_: SigningRequest) -> None:
    assert SigningRequest.parse(request_.encode()) == request_
    assert '"d"' not in request_.encode().decode()


def test_whoever_asks_again_within_a_week_gets_the_same_request(
    issuer: Service, request_: SigningRequest
) -> None:
    assert signing_request(issuer.authority, Changes(), NOON + 7 * DAY - 1) == request_
    later = signing_request(issuer.authority, Changes(), NOON + 7 * DAY)
    assert later.signer != request_.signer
    assert len(pending_signers(issuer.home)) == 2


@pytest.mark.parametrize(
    "change",
    [
        {"request": "another"},
        {"issuer": 7},
        {"issuer": "two\nlines"},
        {"before": []},
        {"before": {"roots": None, "threshold": 1}},
        {"before": {"roots": [], "threshold": "1"}},
        {"more": 1},
        {"statement": None},
        {"statement": {}},
        {"statement": {"payload": "e30", "signatures": []}},
    ],
)
def test_a_file_of_another_form_is_no_request(
    request_: SigningRequest, change: dict[str, Any]
) -> None:
    members = json.loads(request_.encode()) | change
    with pytest.raises(CommandError, match="this is no request of an issuer"):
        SigningRequest.parse(json.dumps(members).encode())


@pytest.mark.parametrize(
    "change", [{"exp": NOON + 36 * DAY}, {"exp": NOON}, {"x": "A"}, {"d": "A"}]
)
def test_a_request_with_another_signer_is_no_request(
    request_: SigningRequest, root: SigningKey, change: dict[str, Any]
) -> None:
    statement = json.loads(signed(root, request_, signers=[signer_of(request_) | change]))
    other = replace(request_, statement=statement)
    with pytest.raises(CommandError, match="this is no request of an issuer"):
        SigningRequest.parse(other.encode())


@pytest.mark.parametrize("data", [b"", b"\xff", b"[]", b"null", b"{}", b"[" * 5000])
def test_any_other_bytes_are_no_request(data: bytes) -> None:
    with pytest.raises(CommandError, match="this is no request of an issuer"):
        SigningRequest.parse(data)


# In force


def test_a_signed_request_comes_into_force_and_clients_believe_its_bundle(
    issuer: Service, request_: SigningRequest, statement: bytes
) -> None:
    before, anchor = issuer.authority.published(), issuer.authority.anchor
    assert before is not None
    state = accept_bundle(before.data, state=TrustState(anchor=anchor), now=NOON).state
    assert check_statement(issuer.authority, statement, NOON).thumbprint == request_.signer
    assert publish_statement(issuer.authority, statement + b"\n", NOON) == request_.signer
    published = issuer.authority.published()
    assert published is not None and published.data != before.data
    later = accept_bundle(published.data, state=state, now=NOON, held=before.data).state
    assert (later.root_version, later.log_replaced) == (2, False)
    signer, end = load_signer(issuer.home, issuer.authority.chain, NOON)
    assert (signer.thumbprint, end) == (request_.signer, NOON + 35 * DAY)


def test_the_signers_before_and_those_that_waited_are_destroyed(
    issuer: Service, request_: SigningRequest, statement: bytes
) -> None:
    signing_request(issuer.authority, Changes(), NOON + 8 * DAY)
    publish_statement(issuer.authority, statement, NOON)
    assert pending_signers(issuer.home) == []
    assert [path.name for path in issuer.home.keys.glob("signer-*")] == [
        f"signer-{request_.signer}.pem"
    ]


def test_it_is_noted_who_put_it_in_force(issuer: Service, statement: bytes) -> None:
    account = issuer.authority.staff.authenticate(issuer.staff("officer"), NOON)
    publish_statement(issuer.authority, statement, NOON, account=account)
    [line] = issuer.authority.audit.recent(1)
    assert (line.action, line.role) == ("delegate", "officer")


def test_the_root_can_be_replaced(
    issuer: Service, request_: SigningRequest, root: SigningKey
) -> None:
    new_root = SigningKey.generate(Typ.ROOT)
    changed = signing_request(issuer.authority, Changes(roots=(new_root.jwk,)), NOON)
    assert fault(issuer, changed.with_signature(root).encode()) is StatementFault.NOT_ENOUGH
    assert fault(issuer, changed.with_signature(new_root).encode()) is StatementFault.WRONG_ROOT
    both = changed.with_signature(root).with_signature(new_root)
    publish_statement(issuer.authority, both.encode(), NOON)
    following = signing_request(issuer.authority, Changes(), NOON)
    assert following.before == RootsBefore((new_root.thumbprint,), 1)
    assert fault(issuer, signed(root, following)) is StatementFault.WRONG_ROOT
    publish_statement(issuer.authority, following.with_signature(new_root).encode(), NOON)
    published = issuer.authority.published()
    assert published is not None
    pin = TrustState(anchor=issuer.authority.anchor)
    assert accept_bundle(published.data, state=pin, now=NOON).state.root_version == 3


def test_an_interrupted_publication_can_be_made_again(
    issuer: Service, request_: SigningRequest, statement: bytes
) -> None:
    [pending] = pending_signers(issuer.home)
    pending.load().create(signer_path(issuer.home, pending.thumbprint))
    publish_statement(issuer.authority, statement, NOON)
    assert load_signer(issuer.home, issuer.authority.chain, NOON)[0].thumbprint == request_.signer


# Refused


@pytest.mark.parametrize("data", [b"", b"x", b"a.b.c", b"\xff", "п".encode(), b"e30.e30.e30"])
def test_other_bytes_are_no_statement(issuer: Service, data: bytes) -> None:
    assert fault(issuer, data) is StatementFault.NOT_A_STATEMENT


def test_another_root_is_refused(issuer: Service, request_: SigningRequest) -> None:
    other = SigningKey.generate(Typ.ROOT)
    assert fault(issuer, signed(other, request_)) is StatementFault.WRONG_ROOT


def test_another_key_under_the_name_of_the_root_is_refused(
    issuer: Service, request_: SigningRequest, root: SigningKey
) -> None:
    other = SigningKey.generate(Typ.ROOT)
    object.__setattr__(other, "thumbprint", root.thumbprint)
    assert fault(issuer, signed(other, request_)) is StatementFault.WRONG_ROOT


def test_a_statement_of_another_typ_is_refused(
    issuer: Service, request_: SigningRequest, root: SigningKey
) -> None:
    other = SigningKey(root.private, Typ.TRUST)
    assert fault(issuer, signed(other, request_)) is StatementFault.WRONG_ROOT


@pytest.mark.parametrize("version", [1, 3, 1000])
def test_another_version_than_the_next_is_refused(
    issuer: Service, request_: SigningRequest, root: SigningKey, version: int
) -> None:
    statement = signed(root, request_, version=version)
    assert fault(issuer, statement) is StatementFault.WRONG_VERSION


def test_more_than_35_days_are_refused(
    issuer: Service, request_: SigningRequest, root: SigningKey
) -> None:
    signer = signer_of(request_) | {"exp": NOON + 35 * DAY + 1}
    statement = signed(root, request_, signers=[signer])
    assert fault(issuer, statement) is StatementFault.NOT_A_STATEMENT


def test_a_later_sunset_is_refused(
    issuer: Service, request_: SigningRequest, root: SigningKey
) -> None:
    later = signed(root, request_, sunset=issuer.authority.sunset + 1)
    assert fault(issuer, later) is StatementFault.WRONG_CHANGE
    publish_statement(
        issuer.authority, signed(root, request_, sunset=issuer.authority.sunset - DAY), NOON
    )
    assert issuer.authority.published() is not None
    assert issuer.authority.bundle().sunset == issuer.authority.sunset


def test_a_log_whose_key_is_not_here_is_refused(
    issuer: Service, request_: SigningRequest, root: SigningKey
) -> None:
    foreign = MemoryLog(issuer.authority.config.token_issuer, 2).vkey.text
    assert fault(issuer, signed(root, request_, log=foreign)) is StatementFault.FOREIGN_SIGNER


def test_a_signer_that_was_not_asked_for_is_refused(
    issuer: Service, request_: SigningRequest, root: SigningKey
) -> None:
    foreign = signer_of(request_) | SigningKey.generate(Typ.TRUST).jwk
    for signers in ([foreign], [signer_of(request_), foreign], []):
        statement = signed(root, request_, signers=signers)
        assert fault(issuer, statement) is StatementFault.FOREIGN_SIGNER


def test_a_signer_that_may_not_sign_yet_or_any_more_is_refused(
    issuer: Service, request_: SigningRequest, root: SigningKey, statement: bytes
) -> None:
    assert fault(issuer, statement, NOON + 35 * DAY) is StatementFault.NOT_NOW
    assert fault(issuer, statement, NOON - 1) is StatementFault.NOT_NOW
    publish_statement(issuer.authority, statement, NOON + 35 * DAY - 1)


def test_a_statement_comes_into_force_once(issuer: Service, statement: bytes) -> None:
    publish_statement(issuer.authority, statement, NOON)
    assert fault(issuer, statement) is StatementFault.WRONG_VERSION


def test_a_statement_made_before_another_came_into_force_is_refused(
    issuer: Service, request_: SigningRequest, root: SigningKey, statement: bytes
) -> None:
    publish_statement(issuer.authority, statement, NOON)
    again = signed(root, request_, version=3)
    assert fault(issuer, again) is StatementFault.FOREIGN_SIGNER


# Time


def test_a_signer_that_waits_does_not_disturb_the_service(issuer: Service) -> None:
    signing_request(issuer.authority, Changes(), NOON)
    one_round(issuer.authority, issuer.clock)
    assert publish(issuer.authority, NOON) is False
    assert len(load_delegations(issuer.home)) == 1


@pytest.mark.process
def test_signers_that_waited_for_35_days_are_destroyed(issuer: Service) -> None:
    signing_request(issuer.authority, Changes(), NOON)
    run_retention(issuer.authority, NOON + 35 * DAY - 1)
    assert len(pending_signers(issuer.home)) == 1
    late = "1 signers that no root has named outlived their 35 days"
    assert late not in overdue(issuer.home, NOON + 35 * DAY)
    assert late in overdue(issuer.home, NOON + 36 * DAY)
    assert run_retention(issuer.authority, NOON + 35 * DAY)["pending_signers"] == 1
    assert pending_signers(issuer.home) == []
