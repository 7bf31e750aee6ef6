"""Which list a wallet believes, and what becomes of its warnings."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from schemas import jws
from schemas.bundle import TrustBundle
from schemas.encoding import parse_time
from schemas.hours import hour_at
from schemas.kinds import DAY, HOUR
from schemas.notices import Notice, NoticesFault, NoticesRejected
from tests.support.issuer_in_memory import Phone, Time
from tests.support.keys import EcKey, ec_key
from tests.support.texts import jws as make_jws
from tests.support.venue_in_memory import Venue
from tests.support.world import NOON, World
from wallet_sim.presence import notices
from wallet_sim.presence.check_in import check_in
from wallet_sim.presence.file import VisitsFile
from wallet_sim.presence.notices import take_list
from wallet_sim.presence.state import Visits

FIRST = hour_at(NOON)
ME = "https://qupia.example root"


@pytest.fixture
def file(phone: Phone) -> VisitsFile:
    return VisitsFile(phone.home, phone.clock)


@pytest.fixture
def visited(file: VisitsFile, venue: Venue, bundle: TrustBundle) -> VisitsFile:
    code = venue.code(NOON, bundle=bundle)
    file.update(lambda held: check_in(held, code, bundle=bundle, now=NOON).visits)
    return file


@pytest.fixture
def listen(file: VisitsFile, bundle: TrustBundle, phone: Phone) -> Callable[[bytes], Visits]:
    return lambda data: take_list(file, data, bundle=bundle, authority=ME, now=phone.clock())


Listen = Callable[[bytes], Visits]


def test_a_match_is_a_warning_and_stays_in_the_file(
    visited: VisitsFile, listen: Listen, phone: Phone, venue: Venue
) -> None:
    phone.clock.now += DAY
    heard = listen(phone.issuer.publish_notices(venue.notice(FIRST), venue.notice(FIRST + 1)))
    assert [warning.hour for warning in heard.warnings] == [FIRST, FIRST + 1]
    assert visited.load() == heard
    assert heard.newest is not None
    assert (heard.newest.at, heard.newest.notices) == (phone.clock(), 2)


def test_a_list_without_a_match_warns_of_nothing(
    visited: VisitsFile, listen: Listen, phone: Phone, other_venue: Venue
) -> None:
    heard = listen(phone.issuer.publish_notices(*other_venue.notices(NOON, NOON + 5 * HOUR)))
    assert heard.warnings == ()
    assert heard.newest is not None


def test_a_withdrawn_notice_takes_its_warning_away(
    visited: VisitsFile, listen: Listen, phone: Phone, venue: Venue, other_venue: Venue
) -> None:
    listen(phone.issuer.publish_notices(venue.notice(FIRST)))
    assert visited.load().warnings
    listen(phone.issuer.publish_notices(other_venue.notice(FIRST)))
    assert visited.load().warnings == ()


def test_a_list_that_was_matched_is_not_matched_again(
    visited: VisitsFile,
    listen: Listen,
    phone: Phone,
    venue: Venue,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    phone.clock.now += 6 * HOUR
    data = phone.issuer.publish_notices(venue.notice(FIRST))
    first = listen(data)

    def refuse(*_: object) -> None:
        raise AssertionError("matched again")

    monkeypatch.setattr(notices, "match", refuse)
    phone.clock.now += HOUR
    again = listen(data)
    assert again.warnings == first.warnings != ()
    assert again.newest is not None
    assert again.newest.at == phone.clock()
    with pytest.raises(AssertionError, match="matched again"):
        listen(phone.issuer.publish_notices(venue.notice(FIRST)))


def test_a_list_with_an_hour_that_was_not_over_is_matched_again_for_those_who_came_later(
    file: VisitsFile, listen: Listen, phone: Phone, venue: Venue, bundle: TrustBundle
) -> None:
    data = phone.issuer.publish_notices(venue.notice(FIRST))
    assert listen(data).warnings == ()
    phone.clock.now += 20 * 60
    code = venue.code(NOON, bundle=bundle)
    file.update(lambda held: check_in(held, code, bundle=bundle, now=phone.clock()).visits)
    assert [warning.hour for warning in listen(data).warnings] == [FIRST]


def rejected(listen: Listen, data: bytes) -> NoticesFault:
    with pytest.raises(NoticesRejected) as caught:
        listen(data)
    return caught.value.fault


@pytest.fixture
def warned(visited: VisitsFile, listen: Listen, phone: Phone, venue: Venue) -> VisitsFile:
    listen(phone.issuer.publish_notices(venue.notice(FIRST)))
    return visited


def test_a_wrong_signature_changes_nothing(
    warned: VisitsFile, listen: Listen, phone: Phone
) -> None:
    before = warned.load()
    data = phone.issuer.publish_notices()
    head, payload, signature = data.decode().split(".")
    other = phone.issuer.publish_notices().decode().split(".")[2]
    assert other != signature
    spoiled = f"{head}.{payload}.{other}".encode()
    assert rejected(listen, spoiled) is NoticesFault.UNKNOWN_SIGNER
    assert warned.load() == before


@pytest.mark.parametrize("key", ["retention_key", "paper_key", "signer", "root"])
def test_no_other_key_of_the_authority_signs_lists(
    warned: VisitsFile, listen: Listen, phone: Phone, key: str
) -> None:
    world, now = phone.issuer.world, phone.clock()
    payload = {"iss": world.iss, "version": now + 9, "iat": now, "exp": now + DAY, "notices": []}
    data = make_jws(payload, typ=jws.Typ.NOTICES, key=getattr(world, key)).encode()
    assert rejected(listen, data) is NoticesFault.UNKNOWN_SIGNER


def test_an_older_list_changes_nothing(
    warned: VisitsFile, listen: Listen, phone: Phone, venue: Venue
) -> None:
    old = phone.issuer.publish_notices()
    listen(phone.issuer.publish_notices(venue.notice(FIRST)))
    before = warned.load()
    assert rejected(listen, old) is NoticesFault.ROLLBACK
    assert warned.load() == before
    assert before.warnings


def test_two_lists_of_one_version_are_a_split_view(
    warned: VisitsFile, listen: Listen, phone: Phone
) -> None:
    heard = warned.load().newest
    assert heard is not None
    other = phone.issuer.publish_notices(version=heard.seen.version)
    assert rejected(listen, other) is NoticesFault.SPLIT_VIEW
    assert warned.load().warnings


def test_an_expired_list_changes_nothing(warned: VisitsFile, listen: Listen, phone: Phone) -> None:
    late = phone.issuer.publish_notices(iat=phone.clock() - DAY, exp=phone.clock())
    assert rejected(listen, late) is NoticesFault.EXPIRED
    assert warned.load().warnings


@pytest.mark.parametrize(
    "member",
    [
        {"iss": "https://another.example"},
        {"notices": [{"hour": FIRST}]},
        {"notices": [{"hour": -1, "venue_key": "A" * 43, "authority_key": "A" * 43}]},
        {"version": "7"},
    ],
    ids=["issuer", "keys", "hour", "version"],
)
def test_a_list_of_another_form_changes_nothing(
    warned: VisitsFile, listen: Listen, phone: Phone, member: dict[str, Any]
) -> None:
    assert rejected(listen, phone.issuer.publish_notices(**member)) is NoticesFault.NOT_A_LIST
    assert rejected(listen, b"<html>") is NoticesFault.NOT_A_LIST
    assert warned.load().warnings


def test_the_lists_of_another_authority_begin_anew(warned: VisitsFile, phone: Phone) -> None:
    """A wallet that was activated elsewhere is not held back by versions of the one before."""
    other = World(iss="https://other.example", first_key=40, tracing=True)
    issuer = replace(phone.issuer, world=other, clock=Time(NOON))
    bundle = other.accepted(NOON)
    data = issuer.publish_notices(version=1)
    heard = take_list(warned, data, bundle=bundle, authority="other root", now=NOON)
    assert heard.newest is not None
    assert heard.newest.seen.version == 1
    assert heard.warnings == ()


OTHER = ec_key("another key of the notices")


def with_keys(bundle: TrustBundle, *keys: EcKey) -> TrustBundle:
    """``bundle`` where these sign lists."""
    life = {"typ": jws.Typ.NOTICES, "nbf": NOON - DAY, "exp": NOON + 90 * DAY}
    return replace(bundle, service_keys=tuple(key.jwk | {"kid": key.kid} | life for key in keys))


def list_of(phone: Phone, key: EcKey, *notices: Notice, version: int) -> bytes:
    now = phone.clock()
    payload = {"iss": phone.issuer.world.iss, "version": version, "iat": now, "exp": now + DAY}
    payload["notices"] = [notice.member() for notice in notices]
    return make_jws(payload, typ=jws.Typ.NOTICES, key=key).encode()


def test_a_stolen_key_silences_no_other_and_takes_all_that_it_said_along(
    visited: VisitsFile, bundle: TrustBundle, phone: Phone, venue: Venue
) -> None:
    phone.clock.now += DAY
    stolen = phone.issuer.world.notices_key

    def take(data: bytes, *keys: EcKey) -> Visits:
        known, now = with_keys(bundle, *keys), phone.clock()
        return take_list(visited, data, bundle=known, authority=ME, now=now)

    forged = list_of(phone, stolen, venue.notice(FIRST), version=(1 << 53) - 1)
    assert [warning.hour for warning in take(forged, stolen).warnings] == [FIRST]
    with pytest.raises(NoticesRejected) as caught:
        take(list_of(phone, stolen, version=8), stolen)
    assert caught.value.fault is NoticesFault.ROLLBACK
    honest = list_of(phone, OTHER, venue.notice(FIRST + 1), version=1)
    both = take(honest, stolen, OTHER)
    assert [warning.hour for warning in both.warnings] == [FIRST, FIRST + 1]
    alone = take(honest, OTHER)
    assert [warning.hour for warning in alone.warnings] == [FIRST + 1]
    assert [heard.kid for heard in alone.heard] == [OTHER.kid]


def test_what_a_key_said_goes_with_it_although_no_new_list_is_taken(
    warned: VisitsFile, bundle: TrustBundle, phone: Phone
) -> None:
    known, last = with_keys(bundle, OTHER), phone.issuer.publish_notices()
    with pytest.raises(NoticesRejected) as caught:
        take_list(warned, last, bundle=known, authority=ME, now=phone.clock())
    assert caught.value.fault is NoticesFault.UNKNOWN_SIGNER
    assert (warned.load().warnings, warned.load().heard) == ((), ())
    assert warned.load().days


def test_a_list_from_the_future_changes_nothing(
    warned: VisitsFile, listen: Listen, phone: Phone
) -> None:
    before = warned.load()
    early = phone.issuer.publish_notices(iat=phone.clock() + 121)
    assert rejected(listen, early) is NoticesFault.CLOCK_BEHIND
    assert warned.load() == before


def test_a_newer_list_that_came_meanwhile_is_not_undone(
    visited: VisitsFile,
    listen: Listen,
    phone: Phone,
    venue: Venue,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    slow, fast = phone.issuer.publish_notices(venue.notice(FIRST)), phone.issuer.publish_notices()
    real = notices.match

    def interrupted(*given: Any) -> Any:
        monkeypatch.setattr(notices, "match", real)
        listen(fast)
        return real(*given)

    monkeypatch.setattr(notices, "match", interrupted)
    assert listen(slow).warnings == ()
    assert visited.load().warnings == ()


def test_a_check_in_while_a_list_is_matched_is_kept(
    visited: VisitsFile,
    listen: Listen,
    phone: Phone,
    venue: Venue,
    bundle: TrustBundle,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real = notices.match

    def interrupted(*given: Any) -> Any:
        code = venue.code(NOON, bundle=bundle)
        visited.update(lambda held: check_in(held, code, bundle=bundle, now=NOON).visits)
        return real(*given)

    monkeypatch.setattr(notices, "match", interrupted)
    heard = listen(phone.issuer.publish_notices(venue.notice(FIRST)))
    assert [len(day.records) for day in heard.days] == [16]
    assert heard.warnings


def test_records_and_warnings_are_gone_from_the_file_after_fourteen_days(
    warned: VisitsFile, phone: Phone
) -> None:
    phone.clock.now = parse_time("2026-03-30T23:59:59Z")
    assert (len(warned.load().days), len(warned.load().warnings)) == (1, 1)
    assert str(FIRST).encode() in (phone.home / "visits.json").read_bytes()
    phone.clock.now += 1
    assert (warned.load().days, warned.load().warnings) == ((), ())
    assert str(FIRST).encode() not in (phone.home / "visits.json").read_bytes()


def test_at_the_sunset_the_file_says_nothing_any_more(warned: VisitsFile, phone: Phone) -> None:
    phone.clock.now = phone.issuer.world.sunset
    assert warned.load() == Visits()


def test_a_hundred_thousand_hours_are_read_and_matched(
    file: VisitsFile, listen: Listen, phone: Phone, venue: Venue, bundle: TrustBundle
) -> None:
    """18 MB as they come; nobody was out on the dates of all but one of them."""
    code = venue.code(NOON, bundle=bundle)
    file.update(lambda held: check_in(held, code, bundle=bundle, now=NOON).visits)
    away = [Notice(FIRST - 24 * (2 + n % 10), bytes(32), bytes(32)) for n in range(99_999)]
    data = phone.issuer.publish_notices(*away, venue.notice(FIRST))
    assert len(data) > 15_000_000
    heard = listen(data)
    assert [warning.hour for warning in heard.warnings] == [FIRST]
    assert heard.newest is not None
    assert heard.newest.notices == 100_000
