"""Roots and signers change, and what wallets and venues believe of it."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from issuer.keys.roots import load_signer
from issuer.log.log import Log
from schemas.bundle_faults import BundleFault, BundleRejected
from schemas.jws import parse
from schemas.kinds import DAY, HOUR
from schemas.log.entries import bundle_entry, join_carried, split_carried
from schemas.paths import TRUST_BUNDLE_PATH
from shell.fetching import Answer
from tests.support.town import Town

Forge = Callable[[dict[str, Any]], None]


def delegate(town: Town, *, root: Path, new_root: Path | None = None) -> dict[str, Any]:
    words = ["--new-root", str(new_root)] if new_root else []
    return town.office.done("keys", "delegate", "--root", str(root), *words)


@pytest.fixture
def root(town: Town) -> Path:
    """The root key, taken offline."""
    place = town.folder / "ROOT.pem"
    town.service.home.root_key.rename(place)
    return place


def forged(town: Town, forge: Forge) -> bytes:
    """A bundle that the issuer's own signer signs, with something changed in it."""
    authority = town.service.authority
    text, _ = split_carried(town.bundle_file.read_bytes())
    payload = parse(text.decode()).unverified_payload
    forge(payload)
    signer, _ = load_signer(authority.home, authority.chain, town.now)
    forged = signer.sign(payload).encode()
    log = Log.open(authority.home, 1)
    index = log.append(bundle_entry(forged))
    log.sign()
    return join_carried(forged, log.proof(index).text)


def helpdesk(fault: BundleFault) -> str:
    return f"({BundleRejected(fault).helpdesk})"


class Parties:
    """A wallet that syncs, a venue with a network and one that is handed files."""

    def __init__(self, town: Town) -> None:
        self.town = town
        self.wallet = town.activated(evidence="vaccinated_full", reference="N1")
        self.venue, self.offline = town.venue("venue"), town.venue("offline")

    def take(self, data: bytes | None = None) -> list[str]:
        """Hand them a bundle, or the one in force; the error of each, empty where it is taken."""
        file = self.town.folder / "stick.jws"
        file.write_bytes(data or self.town.bundle_file.read_bytes())
        self.town.net.replace_answer = self._with_bundle(data)
        outcomes = [
            self.wallet.run("sync"),
            self.venue.run("sync"),
            self.offline.run("import", str(file)),
        ]
        self.town.net.replace_answer = lambda _url, answer: answer
        return [outcome.error if outcome.status else "" for outcome in outcomes]

    @staticmethod
    def _with_bundle(data: bytes | None) -> Callable[[str, Answer], Answer]:
        def change(url: str, answer: Answer) -> Answer:
            wanted = data is not None and url.endswith(TRUST_BUNDLE_PATH)
            return replace(answer, body=data) if wanted and data is not None else answer

        return change

    def admit(self) -> None:
        """Whatever happened: today's passes work at both doors."""
        code = self.wallet.show()
        assert self.venue.scan(code).outcomes == ["admit"]
        assert self.offline.scan(code).outcomes == ["admit"]


@pytest.fixture
def parties(town: Town) -> Parties:
    return Parties(town)


def all_refuse(errors: list[str], fault: BundleFault) -> bool:
    return all(helpdesk(fault) in error for error in errors)


# Changes that are believed


def test_a_new_signer_is_believed_and_the_old_one_no_more(
    town: Town, parties: Parties, root: Path
) -> None:
    by_old_signer = forged(town, lambda payload: payload.update(version=payload["version"] + 5))
    old_key = next(town.service.home.keys.glob("signer-*.pem")).name
    town.clock.now += HOUR
    delegate(town, root=root)
    assert parties.take() == ["", "", ""]
    parties.admit()
    assert all_refuse(parties.take(by_old_signer), BundleFault.ROLLBACK)
    assert [key.name != old_key for key in town.service.home.keys.glob("signer-*.pem")] == [True]


def test_a_new_root_is_believed_and_only_it_can_go_on(
    town: Town, parties: Parties, root: Path
) -> None:
    second = town.folder / "ROOT-2.pem"
    town.clock.now += HOUR
    delegate(town, root=root, new_root=second)
    assert parties.take() == ["", "", ""]
    words = ("keys", "delegate", "--root", str(root))
    assert "is not a root of this issuer" in town.office.refused(*words, status=2)
    town.clock.now += HOUR
    delegate(town, root=second)
    assert parties.take() == ["", "", ""]
    parties.admit()
    late = town.venue("late")
    assert late.scan(parties.wallet.show()).outcomes == ["admit"]


@pytest.mark.process
def test_who_missed_several_rotations_still_finds_the_way_from_the_pin(
    town: Town, parties: Parties, root: Path
) -> None:
    previous = root
    for number in range(4):
        town.clock.now += DAY
        following = town.folder / f"ROOT-{number}.pem"
        delegate(town, root=previous, new_root=following)
        previous = following
    town.work()
    assert parties.take() == ["", "", ""]
    parties.admit()


def test_a_new_root_statement_begins_the_versions_anew(
    town: Town, parties: Parties, root: Path
) -> None:
    delegate(town, root=root)
    lower = forged(town, lambda payload: payload.update(version=1, iat=payload["iat"] + 1))
    assert parties.take(lower) == ["", "", ""]
    parties.admit()


@pytest.mark.process
def test_a_signer_that_is_about_to_end_is_renewed_after_a_warning(town: Town, root: Path) -> None:
    town.activated(evidence="vaccinated_full", reference="N1")
    town.until(town.now + 25 * DAY - 1)
    assert town.office.run("keys", "list").warnings == []
    town.until(town.now + 1)
    [warning] = town.office.run("keys", "list").warnings
    assert "keys delegate" in warning
    town.until(town.now + 8 * DAY)
    assert town.service.authority.bundle().exp == town.now + 2 * DAY
    delegate(town, root=root)
    assert town.office.run("keys", "list").warnings == []
    assert town.service.authority.bundle().exp == town.now + 3 * DAY


@pytest.mark.process
def test_without_a_signer_the_doors_work_until_the_last_bundle_ends(town: Town, root: Path) -> None:
    citizen, venue = town.activated(evidence="vaccinated_full", reference="N1"), town.venue()
    town.until(town.now + 34 * DAY + 12 * HOUR)
    venue.done("sync")
    citizen.done("sync")
    end = town.service.authority.bundle().exp
    town.clock.now = end - 1
    [warning] = town.office.run("staff", "list").warnings
    assert "keys delegate" in warning
    assert venue.scan(citizen.show()).outcomes == ["admit"]
    town.clock.now = end
    assert venue.scan(citizen.show()).outcomes == ["bundle_expired"]
    assert helpdesk(BundleFault.UNKNOWN_SIGNER) in citizen.refused("sync")
    delegate(town, root=root)
    venue.done("sync")
    citizen.done("sync")
    assert venue.scan(citizen.show()).outcomes == ["admit"]


# Bundles that are refused


def test_a_gap_in_the_root_statements_is_refused(town: Town, parties: Parties, root: Path) -> None:
    for _ in range(2):
        town.clock.now += HOUR
        delegate(town, root=root)
    gap = forged(town, lambda payload: payload["delegations"].pop(1))
    assert all_refuse(parties.take(gap), BundleFault.BROKEN_CHAIN)
    parties.admit()
    assert parties.take() == ["", "", ""]


def test_a_bundle_without_the_newest_root_statement_is_refused(
    town: Town, parties: Parties, root: Path
) -> None:
    before = town.bundle_file.read_bytes()
    town.clock.now += HOUR
    delegate(town, root=root)
    parties.take()
    assert all_refuse(parties.take(before), BundleFault.ROLLBACK)
    shorter = forged(town, lambda payload: payload["delegations"].pop())
    assert all_refuse(parties.take(shorter), BundleFault.UNKNOWN_SIGNER)
    parties.admit()


def test_an_older_bundle_of_a_host_that_lags_changes_nothing(town: Town, parties: Parties) -> None:
    before = town.bundle_file.read_bytes()
    town.until(town.now + 7 * HOUR)
    assert parties.take() == ["", "", ""]
    version = parties.venue.done("status")["version"]
    assert parties.take(before) == ["", "", ""]
    assert parties.venue.done("status")["version"] == version == 2
    parties.admit()


def test_two_bundles_of_one_version_are_refused_and_both_are_kept(
    town: Town, parties: Parties
) -> None:
    known = town.bundle_file.read_bytes()
    assert parties.take() == ["", "", ""]

    def forge(payload: dict[str, Any]) -> None:
        keys = payload["pass_keys"]
        keys[0], keys[1] = keys[1], keys[0]

    other = forged(town, forge)
    assert all_refuse(parties.take(other), BundleFault.SPLIT_VIEW)
    for device in (parties.wallet, parties.venue, parties.offline):
        [kept] = (device.home / "evidence").iterdir()
        text = kept.read_bytes()
        assert all(split_carried(data)[0] in text for data in (known, other))
        assert kept.stat().st_mode & 0o777 == 0o600
    parties.admit()
    assert parties.take() == ["", "", ""]


def test_another_chain_from_the_same_root_is_a_split_view(
    town: Town, parties: Parties, root: Path
) -> None:
    """A stolen root key makes statements of the same version; who saw the right one notices."""
    home = town.service.home
    right = home.delegations.read_bytes()
    town.clock.now += HOUR
    delegate(town, root=root)
    assert parties.take() == ["", "", ""]
    home.delegations.write_bytes(right)
    town.clock.now += 1
    delegate(town, root=root)
    delegate(town, root=root)
    assert all_refuse(parties.take(), BundleFault.SPLIT_VIEW)
    parties.admit()


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"iss": "https://other.example"}, BundleFault.PIN_CHANGED),
        ({"token_issuer": "other.example"}, BundleFault.NOT_IN_LOG),
        ({"specimen": True}, BundleFault.PIN_CHANGED),
        ({"batch_size": 9}, BundleFault.PIN_CHANGED),
        ({"pass_keys": []}, BundleFault.BROKEN_GRID),
        ({"exp": 1}, BundleFault.NOT_A_BUNDLE),
    ],
    ids=["iss", "token_issuer", "specimen", "batch_size", "no keys", "exp"],
)
def test_what_was_pinned_is_changed_by_no_bundle(
    town: Town, parties: Parties, changes: dict[str, Any], fault: BundleFault
) -> None:
    bad = forged(town, lambda payload: payload.update(changes, version=payload["version"] + 1))
    assert all_refuse(parties.take(bad), fault)
    parties.admit()
