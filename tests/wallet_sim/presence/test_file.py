"""The file of visits: as private as the wallet's, and independent of it."""

import os
import stat

import pytest

from schemas.bundle import TrustBundle
from schemas.encoding import b64url_encode
from shell.errors import CommandError
from tests.support.issuer_in_memory import Phone
from tests.support.venue_in_memory import Venue
from tests.support.world import NOON
from wallet_sim.presence.check_in import check_in, check_out
from wallet_sim.presence.file import VisitsFile
from wallet_sim.presence.state import Visits


@pytest.fixture
def file(phone: Phone) -> VisitsFile:
    return VisitsFile(phone.home, phone.clock)


@pytest.fixture
def visited(file: VisitsFile, venue: Venue, bundle: TrustBundle) -> Visits:
    code = venue.code(NOON, bundle=bundle)
    return file.update(lambda held: check_in(held, code, bundle=bundle, now=NOON).visits)


def test_what_was_stored_is_there_for_the_next_command(file: VisitsFile, visited: Visits) -> None:
    assert VisitsFile(file.home, file.clock).load() == visited


def test_what_was_stored_before_is_overwritten(file: VisitsFile, visited: Visits) -> None:
    kept = file.home.with_name("the same blocks")
    os.link(file.home / "visits.json", kept)
    file.update(lambda held: check_out(held, now=NOON).visits)
    data = kept.read_bytes()
    for day in visited.days:
        assert not any(b64url_encode(record).encode() in data for record in day.records)


def test_visits_are_in_no_file_but_their_own(file: VisitsFile, visited: Visits) -> None:
    names = {path.name: stat.S_IMODE(path.stat().st_mode) for path in file.home.iterdir()}
    assert names == {"visits.json": 0o600, "visits.lock": 0o600}


def test_a_wallet_is_at_home_in_a_folder_that_visits_were_in_first(
    phone: Phone, visited: Visits
) -> None:
    phone.activate()
    assert phone.wallet.entitlement is not None


def test_visits_are_at_home_in_the_folder_of_a_wallet(phone: Phone, file: VisitsFile) -> None:
    phone.activate()
    before = phone.path.read_bytes()
    file.update(lambda _: Visits(sunset=NOON + 60))
    assert phone.path.read_bytes() == before
    assert file.load().sunset == NOON + 60


def test_a_damaged_file_says_what_to_do_and_is_left_alone(
    phone: Phone, file: VisitsFile, visited: Visits
) -> None:
    path = phone.home / "visits.json"
    whole = path.read_bytes()
    for length in range(0, len(whole), 97):
        path.write_bytes(whole[:length])
        with pytest.raises(CommandError, match=r"is damaged, and nothing .* or remove it"):
            file.load()
        assert path.read_bytes() == whole[:length]


def test_others_can_not_read_it(phone: Phone, file: VisitsFile, visited: Visits) -> None:
    (phone.home / "visits.json").chmod(0o644)
    with pytest.raises(CommandError, match="others can read"):
        file.load()


def test_erasing_leaves_nothing_and_can_be_done_twice(file: VisitsFile, visited: Visits) -> None:
    (file.home / ".visits.json.1.abcd.draft").write_bytes(b"records")
    file.erase()
    file.erase()
    assert [path.name for path in file.home.iterdir()] == ["visits.lock"]
    assert file.load() == Visits()


def test_the_wallets_erasing_is_not_the_visits_and_the_other_way_round(
    phone: Phone, file: VisitsFile, visited: Visits
) -> None:
    phone.activate()
    phone.file.erase()
    assert file.load() == visited
