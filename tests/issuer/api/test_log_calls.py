"""Anyone may read the logs: checkpoint, tiles and the bundles of late."""

import pytest

from issuer.api.app import LOG_READS
from issuer.log.bundles import keep_bundle
from issuer.log.log import Log, create_log
from schemas.log.checkpoints import parse_checkpoint
from schemas.log.merkle import leaf_hash
from schemas.log.notes import parse_note, signers
from tests.support.issuers import Service

NOT_FOUND = (404, "not_found")
LOG = "/.well-known/qupia/log/7"
ENTRY = bytes(range(32))
CORS = {
    "access-control-allow-origin": "*",
    "access-control-expose-headers": "Date, ETag",
}
FOR_GOOD = "public, max-age=31536000, immutable"


@pytest.fixture
def log(issuer: Service) -> Log:
    create_log(issuer.home, number=7, token_issuer="qupia.example")
    made = Log.open(issuer.home, 7)
    made.append(ENTRY)
    made.sign()
    return made


def test_the_checkpoint_is_read_afresh(issuer: Service, log: Log) -> None:
    reply = issuer.get(f"{LOG}/checkpoint")
    assert reply.headers["content-type"] == "text/plain; charset=utf-8"
    assert reply.headers["cache-control"] == "no-store"
    note = parse_note(reply.body.decode())
    assert signers(note, [log.key]) == {log.key}
    log.append(ENTRY)
    log.sign()
    later = parse_note(issuer.get(f"{LOG}/checkpoint").body.decode())
    assert parse_checkpoint(later.text).size == 2


def test_tiles_stay_as_they_are(issuer: Service, log: Log) -> None:
    for path, body in (
        ("tile/0/000.p/1", leaf_hash(ENTRY)),
        ("tile/entries/000.p/1", b"\x00\x20" + ENTRY),
    ):
        reply = issuer.get(f"{LOG}/{path}")
        assert (reply.status, reply.body) == (200, body)
        assert reply.headers["content-type"] == "application/octet-stream"
        assert reply.headers["cache-control"] == FOR_GOOD
        assert reply.headers.items() >= CORS.items()


def test_a_bundle_is_read_by_its_digest(issuer: Service, log: Log) -> None:
    digest = keep_bundle(log.folder, b"eyJ.eyJ.c2ln", issuer.now)
    reply = issuer.get(f"{LOG}/bundle/{digest}")
    assert (reply.status, reply.body) == (200, b"eyJ.eyJ.c2ln")
    assert reply.headers["content-type"] == "application/jose"


@pytest.mark.parametrize(
    "path",
    [
        "/.well-known/qupia/log/8/checkpoint",
        "/.well-known/qupia/log/07/checkpoint",
        "/.well-known/qupia/log/0/checkpoint",
        "/.well-known/qupia/log/x/checkpoint",
        f"/.well-known/qupia/log/{'9' * 5000}/checkpoint",
        f"{LOG}/tile/0/000",
        f"{LOG}/tile/0/000.p/2",
        f"{LOG}/tile/0/001.p/1",
        f"{LOG}/tile/1/000.p/1",
        f"{LOG}/tile/0/0",
        f"{LOG}/tile/entries/000",
        f"{LOG}/tile/../checkpoint",
        f"{LOG}/bundle/*",
        f"{LOG}/bundle/{'A' * 43}",
        f"{LOG}/entries",
        f"{LOG}/key",
    ],
)
@pytest.mark.usefixtures("log")
def test_nothing_else_is_there(issuer: Service, path: str) -> None:
    assert issuer.get(path).code == NOT_FOUND


@pytest.mark.usefixtures("log")
def test_refusals_are_for_pages_from_elsewhere_as_well_and_are_not_kept(issuer: Service) -> None:
    headers = issuer.get(f"{LOG}/tile/0/001").headers
    assert headers.items() >= CORS.items()
    assert headers["cache-control"] == "no-store"


def test_a_log_without_a_checkpoint_has_none(issuer: Service) -> None:
    create_log(issuer.home, number=7, token_issuer="qupia.example")
    assert issuer.get(f"{LOG}/checkpoint").code == NOT_FOUND


def test_a_log_that_lacks_entries_is_read_as_far_as_it_is_there(issuer: Service, log: Log) -> None:
    log.append(ENTRY)
    log.sign()
    log.folder.entries.write_bytes(ENTRY)
    assert issuer.get(f"{LOG}/checkpoint").status == 200
    assert issuer.get(f"{LOG}/tile/0/000.p/1").body == leaf_hash(ENTRY)
    assert issuer.get(f"{LOG}/tile/0/000.p/2").code == NOT_FOUND


@pytest.mark.usefixtures("log")
def test_past_the_sunset_every_address_says_so(issuer: Service) -> None:
    issuer.clock.now = issuer.authority.sunset
    for path in LOG_READS:
        named = path.replace("{tile:path}", "0/000.p/1").format(number=7, digest="A" * 43)
        assert issuer.get(named).code == (410, "sunset")
