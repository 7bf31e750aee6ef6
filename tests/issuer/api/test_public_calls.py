"""What anyone may read: the bundle, the statement, liveness; from any page, and cached rightly."""

from hashlib import sha256

import pytest

from issuer.api.app import READS
from issuer.keys.keyring import SigningKey, statement_key_path
from issuer.notices.publishing import withdraw_notice
from issuer.publication.making import make_missing_keys, publish
from issuer.retention import run_retention
from schemas import jws
from schemas.encoding import b64url_encode
from schemas.hours import hour_at
from schemas.jws import Typ
from schemas.kinds import DAY
from schemas.notices import accept_notices
from schemas.trust import TrustState, accept_bundle
from schemas.validation import matches
from tests.support.exports import publish_hours
from tests.support.issuers import NOON, Service

BUNDLE, STATEMENT = "/.well-known/qupia/trust-bundle", "/.well-known/qupia/retention"
NOTICES = "/.well-known/qupia/notices"
NOT_READY = (503, "not_ready")
CORS = {
    "access-control-allow-origin": "*",
    "access-control-expose-headers": "Date, ETag",
}


def test_the_bundle_is_one_that_a_client_accepts(issuer: Service) -> None:
    reply = issuer.get(BUNDLE)
    state = TrustState(anchor=issuer.authority.anchor)
    accepted = accept_bundle(reply.body, state=state, now=NOON)
    assert accepted.bundle == issuer.authority.bundle()
    assert reply.headers["content-type"] == "application/jose"
    assert reply.headers["cache-control"] == "public, max-age=300"


def test_the_statement_is_signed_by_the_key_that_the_bundle_lists(issuer: Service) -> None:
    run_retention(issuer.authority, issuer.now)
    reply = issuer.get(STATEMENT)
    unverified = jws.parse(reply.body.decode())
    key = SigningKey.load(statement_key_path(issuer.home), Typ.RETENTION)
    claims = jws.verify(unverified, typ=Typ.RETENTION, key=key.private.public_key())
    assert matches("retention-statement", claims)
    listed = issuer.authority.bundle().service_keys[0]
    assert listed["kid"] == unverified.unverified_header["kid"] == key.thumbprint
    assert listed["typ"] == Typ.RETENTION
    assert reply.headers["cache-control"] == "public, max-age=3600"


@pytest.mark.parametrize("path", [BUNDLE, STATEMENT, NOTICES])
def test_the_etag_is_the_hash_of_the_body(issuer: Service, path: str) -> None:
    run_retention(issuer.authority, issuer.now)
    reply = issuer.get(path)
    assert reply.headers["etag"] == f'"{b64url_encode(sha256(reply.body).digest())}"'


@pytest.mark.parametrize("path", [BUNDLE, STATEMENT, NOTICES])
@pytest.mark.parametrize("form", ["{}", "W/{}", '"other", {}', '"a",W/{} , "b"', "*"])
def test_who_has_it_gets_304_without_a_body(issuer: Service, path: str, form: str) -> None:
    run_retention(issuer.authority, issuer.now)
    first = issuer.get(path)
    reply = issuer.get(path, if_none_match=form.format(first.headers["etag"]))
    assert (reply.status, reply.body) == (304, b"")
    for name in ("etag", "cache-control", "access-control-allow-origin", "date"):
        assert reply.headers[name] == first.headers[name]


@pytest.mark.parametrize("form", ['"other"', "", "{bare}", '"{bare}x"'])
def test_who_has_another_gets_this_one(issuer: Service, form: str) -> None:
    first = issuer.get(BUNDLE)
    bare = first.headers["etag"].strip('"')
    assert issuer.get(BUNDLE, if_none_match=form.format(bare=bare)).body == first.body


def test_a_new_bundle_has_another_etag(issuer: Service) -> None:
    before = issuer.get(BUNDLE).headers["etag"]
    issuer.clock.now += DAY
    make_missing_keys(issuer.authority, issuer.now)
    assert publish(issuer.authority, issuer.now)
    reply = issuer.get(BUNDLE, if_none_match=before)
    assert reply.status == 200
    assert reply.headers["etag"] != before


@pytest.mark.parametrize("path", READS)
def test_pages_from_elsewhere_may_read_it_and_its_date(issuer: Service, path: str) -> None:
    run_retention(issuer.authority, issuer.now)
    headers = issuer.get(path, origin="https://venue.example").headers
    assert headers.items() >= CORS.items()
    assert headers["date"] == "Tue, 17 Mar 2026 07:00:00 GMT"


@pytest.mark.parametrize("path", READS)
def test_pages_from_elsewhere_may_read_refusals(issuer: Service, path: str) -> None:
    issuer.home.bundle.unlink()
    reply = issuer.get(path)
    assert reply.code == NOT_READY
    assert reply.headers.items() >= CORS.items()
    assert reply.headers["cache-control"] == "no-store"
    issuer.clock.now = issuer.authority.sunset
    assert issuer.get(path).headers.items() >= CORS.items()


@pytest.mark.parametrize("path", ["/v1/me", "/metrics", "/openapi.json", "/nowhere"])
def test_nothing_else_is_for_pages_from_elsewhere(issuer: Service, path: str) -> None:
    headers = issuer.get(path, origin="https://venue.example").headers
    assert not any(name.startswith("access-control") for name in headers)


@pytest.mark.parametrize("path", [*READS, "/metrics", "/openapi.json", "/v1/me"])
def test_no_answer_sets_a_cookie_or_names_the_program(issuer: Service, path: str) -> None:
    headers = issuer.get(path).headers
    assert not {"set-cookie", "server", "x-powered-by"} & headers.keys()


def test_health_is_never_cached(issuer: Service) -> None:
    reply = issuer.get("/healthz")
    assert (reply.status, reply.json) == (200, {"status": "ok"})
    assert reply.headers["cache-control"] == "no-store"


def test_health_is_good_while_the_current_windows_keys_exist(issuer: Service) -> None:
    last = issuer.authority.bundle().windows[-1].exp
    issuer.clock.now = last - 1
    assert issuer.get("/healthz").status == 200
    issuer.clock.now = last
    assert issuer.get("/healthz").code == NOT_READY


@pytest.mark.parametrize("path", [STATEMENT, NOTICES])
def test_before_retention_ran_there_is_no_statement_and_no_list(issuer: Service, path: str) -> None:
    assert issuer.get(path).code == NOT_READY


def test_the_list_of_notices_is_one_that_a_wallet_accepts(issuer: Service) -> None:
    run_retention(issuer.authority, issuer.now)
    empty = issuer.get(NOTICES)
    assert empty.headers["content-type"] == "application/jose"
    assert empty.headers["cache-control"] == "public, max-age=300"
    hours = range(hour_at(NOON) - 3, hour_at(NOON))
    publication = publish_hours(issuer, hours)
    reply = issuer.get(NOTICES, if_none_match=empty.headers["etag"])
    bundle = issuer.authority.bundle()
    accepted = accept_notices(reply.body, bundle=bundle, seen={}, now=NOON)
    assert [notice.hour for notice in accepted.notices] == list(hours)
    withdraw_notice(issuer.authority, publication.name, None, NOON)
    later = issuer.get(NOTICES, if_none_match=reply.headers["etag"])
    seen = {accepted.kid: accepted.state}
    accepted = accept_notices(later.body, bundle=bundle, seen=seen, now=NOON)
    assert accepted.notices == ()


def test_a_damaged_list_of_notices_is_not_handed_out(issuer: Service) -> None:
    run_retention(issuer.authority, issuer.now)
    issuer.home.notices.write_bytes(b"garbage")
    assert issuer.get(NOTICES).code == NOT_READY
