"""Somebody copied the whole server; after the run-book's first step none of its keys is good.

The thief has every file as it was, and the issuer's own program. What is forged with each key is
offered to a wallet and a venue that have updated (docs/operating.md, "A key was seen by somebody").
"""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from issuer.api.background import one_round
from issuer.home import Home
from issuer.keys.keyring import SigningKey, entitlement_key_path, statement_key_path
from issuer.keys.roots import load_delegations, load_signer
from issuer.keys.tracing import export_key, tracing_seeds
from issuer.log.log import Log
from issuer.paper import issue
from issuer.retention import run_retention
from schemas.bundle_faults import BundleFault, BundleRejected
from schemas.hour_keys import public_half
from schemas.hours import day_at
from schemas.jws import Typ, parse
from schemas.kinds import DAY, HOUR
from schemas.log.entries import bundle_entry, join_carried, split_carried
from schemas.notices import NoticesFault, NoticesRejected, accept_notices
from schemas.trust import TrustState, accept_bundle
from tests.support.issuers import Foundry, Service, pool_keys
from tests.support.town import Citizen, Town, Venue


class Thief:
    """The copied home, with the issuer's own program over it."""

    def __init__(self, home: Path, town: Town) -> None:
        self.service = Service(Home(home), town.clock)
        self.home = self.service.home

    def bundle(self, changes: dict[str, Any]) -> bytes:
        """A bundle in the thief's log, under the copied signer and the copied log key."""
        data = self.home.bundle.read_bytes()
        payload = parse(split_carried(data)[0].decode()).unverified_payload
        payload |= {"version": payload["version"] + 9} | changes
        chain = self.service.authority.chain
        signer, _ = load_signer(self.home, chain, self.service.now)
        text = signer.sign(payload).encode()
        log = Log.open(self.home, chain.last.place.number)
        index = log.append(bundle_entry(text))
        log.sign()
        return join_carried(text, log.proof(index).text)


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    with pool_keys():
        made = Town(tmp_path, Foundry(tmp_path / "founded").copy(tmp_path / "issuer"))
    with pool_keys(first=200):
        yield made
    made.service.close()


@pytest.fixture
def root(town: Town) -> Path:
    """The root key, which was never on the server."""
    place = town.folder / "ROOT.pem"
    town.service.home.root_key.rename(place)
    return place


@pytest.fixture
def wallet(town: Town) -> Citizen:
    return town.activated("citizen", "vaccinated_full", reference="N1")


@pytest.fixture
def venue(town: Town) -> Venue:
    return town.venue()


@pytest.fixture
def admitted(wallet: Citizen, venue: Venue) -> None:
    """Before, passes that were signed under keys which the thief has were good."""
    assert venue.scan(wallet.show()).outcomes == ["admit"]


@pytest.fixture
def thief(town: Town, root: Path, admitted: None) -> Iterator[Thief]:
    """The home was copied, then all keys were replaced and everybody updated."""
    run_retention(town.service.authority, town.now)
    copied = town.folder / "copied"
    shutil.copytree(town.service.home.path, copied)
    town.clock.now += HOUR
    town.office.done("keys", "replace-all", "--root", str(root))
    town.service.reopen()
    one_round(town.service.authority, town.clock)
    made = Thief(copied, town)
    yield made
    made.service.close()


@pytest.fixture
def updated(thief: Thief, town: Town, venue: Venue) -> TrustState:
    """The venue has the new bundle; what a client remembers that has seen both."""
    venue.done("sync")
    state, held = TrustState(anchor=town.root), None
    for home in (thief.home, town.service.home):
        data = home.bundle.read_bytes()
        taken = accept_bundle(data, state=state, now=town.now, held=held)
        state, held = taken.state, taken.data
    assert taken.warnings == ()
    return state


def fault(town: Town, state: TrustState, data: bytes) -> BundleFault:
    held = town.service.home.bundle.read_bytes()
    with pytest.raises(BundleRejected) as caught:
        accept_bundle(data, state=state, now=town.now, held=held)
    return caught.value.fault


def test_the_run_book_names_it_first() -> None:
    text = (Path(__file__).parent.parent.parent / "docs" / "operating.md").read_text()
    server = text[text.index("*The server*: ") :].partition("\n## ")[0]
    assert server.index("keys replace-all") < server.index("staff accounts")


def test_no_private_key_stays(thief: Thief, town: Town) -> None:
    def keys(home: Home) -> set[bytes]:
        paths = [*home.keys.glob("*.pem"), *home.pass_keys.glob("*.pem")]
        return {path.read_bytes() for path in paths}

    assert keys(thief.home) and not keys(thief.home) & keys(town.service.home)


def test_a_bundle_of_the_old_statements_is_refused(
    thief: Thief, town: Town, updated: TrustState
) -> None:
    assert fault(town, updated, thief.bundle({})) is BundleFault.ROLLBACK


def test_a_bundle_of_the_new_statements_is_refused(
    thief: Thief, town: Town, updated: TrustState
) -> None:
    forged = thief.bundle({"delegations": load_delegations(town.service.home)})
    assert fault(town, updated, forged) is BundleFault.UNKNOWN_SIGNER


def test_a_checkpoint_of_the_old_log_proves_nothing(
    thief: Thief, town: Town, updated: TrustState
) -> None:
    text, _ = split_carried(town.service.home.bundle.read_bytes())
    log = Log.open(thief.home, 1)
    index = log.append(bundle_entry(text))
    log.sign()
    forged = join_carried(text, log.proof(index).text)
    assert fault(town, updated, forged) is BundleFault.NOT_IN_LOG


def test_a_pass_of_an_old_key_opens_no_door(
    wallet: Citizen, thief: Thief, venue: Venue, updated: TrustState
) -> None:
    assert venue.scan(wallet.show()).outcomes == ["key_retired"]


def test_a_slip_of_paper_opens_no_door(
    thief: Thief, town: Town, venue: Venue, updated: TrustState
) -> None:
    slip = issue(
        thief.service.authority, evidence="vaccinated_full", at=town.now - 7 * DAY,
        birthday="03-17", reference="880317300134", now=town.now,
    )  # fmt: skip
    assert venue.scan(slip.jwt).outcomes == ["unknown_key"]


def test_an_entitlement_gets_no_passes(thief: Thief, town: Town) -> None:
    wallet = town.service.activated()
    key = SigningKey.load(entitlement_key_path(thief.home), Typ.ENTITLEMENT)
    right, wallet.entitlement = wallet.entitlement, key.sign(wallet.claims)
    assert wallet.me().code == (401, "not_allowed")
    assert wallet.fetch(wallet.batch(town.service.authority.bundle().pass_keys[0])).status == 401
    wallet.entitlement = right
    assert wallet.me().status == 200


def test_a_list_of_notices_is_not_heard(thief: Thief, town: Town, updated: TrustState) -> None:
    town.clock.now += 1
    publish = thief.service.authority.notices()
    assert publish is not None
    with pytest.raises(NoticesRejected) as caught:
        accept_notices(publish.data, bundle=town.service.authority.bundle(), seen={}, now=town.now)
    assert caught.value.fault is NoticesFault.UNKNOWN_SIGNER
    assert town.service.authority.notices() != publish


def test_a_retention_statement_bears_a_key_that_no_bundle_lists(
    thief: Thief, town: Town, updated: TrustState
) -> None:
    old = SigningKey.load(statement_key_path(thief.home), Typ.RETENTION)
    listed = {key["kid"] for key in town.service.authority.bundle().service_keys}
    served = parse(town.service.get("/.well-known/qupia/retention").body.decode())
    assert old.thumbprint not in listed
    assert served.unverified_header["kid"] in listed


def test_an_export_of_days_to_come_cannot_be_opened(
    thief: Thief, town: Town, updated: TrustState
) -> None:
    tomorrow = day_at(town.now) + 1
    old = export_key(tracing_seeds(thief.home), tomorrow, town.now)
    assert old is not None
    bundle = town.service.authority.bundle()
    assert bundle.tracing_exports[tomorrow] != public_half(old)
    later = {hour: key for hour, key in bundle.tracing.items() if hour >= tomorrow * 24}
    copied = thief.service.authority.bundle().tracing
    assert later and not set(later.values()) & set(copied.values())
