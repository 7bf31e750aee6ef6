"""A thief reads every byte of a phone, and the authority gives all its private keys away.

As long as the venue's secret is unknown, neither the venue nor the hour of a visit can be found.
The thief looks for all that a careless wallet could have written, in any spelling; that each of
these would be found is tested too.
"""

import base64
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from hashlib import sha256
from itertools import product
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from schemas.encoding import b64url_decode
from schemas.hour_keys import binding_of, public_half
from schemas.hours import begin_of, hour_at, hour_bytes
from schemas.kinds import DAY, HOUR, MINUTE
from schemas.visits import SUITE, OpeningKeys
from tests.support.issuer_in_memory import Phone
from tests.support.venue_in_memory import Venue
from tests.support.world import NOON
from wallet_sim.both import check_in_here, check_out_here, fetch_notices, visits_of

CAME = NOON + 5 * HOUR + 23 * MINUTE + 17
HOURS = range(hour_at(NOON) - 24, hour_at(NOON) + 48)
"""All in which the visit could have been: a thief knows the dates."""

_WORD = re.compile(rb"[A-Za-z0-9_+/-]{4,}=*")


@pytest.fixture
def visited(phone: Phone, venue: Venue) -> Phone:
    """A wallet that heard the list, went to a venue at 17:23 UTC of the same day, and left."""
    phone.activate()
    fetch_notices(phone.session())
    phone.clock.now = CAME
    check_in_here(phone.file, venue.code(CAME))
    phone.clock.now += 40 * MINUTE
    check_out_here(phone.file)
    return phone


def everything(home: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(home.rglob("*")) if path.is_file()}


def layers(data: bytes) -> Iterator[bytes]:
    """The bytes as they are, and whatever its words mean in base64 or hex."""
    yield data
    for match in _WORD.finditer(data):
        word = match[0].decode()
        with suppress(ValueError):
            yield b64url_decode(word.rstrip("=").replace("+", "-").replace("/", "_"))
        with suppress(ValueError):
            yield bytes.fromhex(word)


def hours_found(data: bytes) -> set[int]:
    """The hours of that time that anything in ``data`` could mean."""
    return {hour for text in layers(data) for hour in _hours_in(text) if hour in HOURS}


def _hours_in(text: bytes) -> Iterator[int]:
    for digits in re.findall(rb"\d{6,16}", text):
        number = int(digits)
        yield from (number, hour_at(number), hour_at(number // 1000))
    for clock in re.findall(rb"\D(\d\d):\d\d", text):
        yield from (hour for hour in HOURS if int(clock) in (hour % 24, (hour + 5) % 24))
    for place in range(len(text) - 3):
        for order in ("big", "little"):
            number = int.from_bytes(text[place : place + 4], order)
            yield number
            if len(text) <= 16:  # In long random bytes any second of these days could come up.
                yield hour_at(number)
    yield from (hour for hour in HOURS if any(mark in text for mark in _hashes(hour)))


@cache
def _hashes(hour: int) -> tuple[bytes, ...]:
    numbers = (hour, begin_of(hour))
    spelled = [spelling for n in numbers for spelling in (n.to_bytes(4, "big"), str(n).encode())]
    return tuple(sha256(spelling).digest() for spelling in spelled)


def venues_found(data: bytes, venues: list[Venue]) -> set[str]:
    """The venues that anything in ``data`` could mean, in any of those hours."""
    texts = list(layers(data))
    return {
        venue.name
        for venue, hour in product(venues, HOURS)
        if any(mark in text for mark in _marks(venue, hour) for text in texts)
    }


@cache
def _marks(venue: Venue, hour: int) -> frozenset[bytes]:
    """The key, what is made of it, and the name; words are decoded, so these are plain."""
    key, name = public_half(venue.hour_key(hour)), venue.name.encode()
    plain = {key, binding_of(key), name}
    hashed = {sha256(value).digest() for value in plain}
    parts = {key[:8], key[-8:], venue.name.encode("ascii", "backslashreplace")}
    return frozenset(plain | hashed | parts | {value[::-1] for value in plain})


# What is written


def test_a_visit_changes_nothing_but_the_file_of_visits_and_ten_minutes_of_quiet(
    phone: Phone, venue: Venue
) -> None:
    phone.activate()
    fetch_notices(phone.session())
    before = everything(phone.home)
    phone.clock.now = CAME
    check_in_here(phone.file, venue.code(CAME))
    phone.clock.now += MINUTE
    check_out_here(phone.file)
    quiet_until = phone.wallet.quiet_until
    assert quiet_until is not None
    assert 0 <= quiet_until - (CAME + 10 * MINUTE) < MINUTE
    phone.clock.now = quiet_until
    phone.file.load()
    after = everything(phone.home)
    changed = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
    assert changed == {"visits.json"}


def test_nothing_on_a_stolen_phone_names_the_venue(
    visited: Phone, venue: Venue, other_venue: Venue
) -> None:
    for data in everything(visited.home).values():
        assert venues_found(data, [venue, other_venue]) == set()


def test_nothing_in_the_file_of_visits_names_the_hour(visited: Phone) -> None:
    """The only time in it is that of the list, which came in another hour; and the sunset."""
    data = everything(visited.home)["visits.json"]
    assert hours_found(data) == {hour_at(NOON)}


@pytest.mark.parametrize("ends", [40 * MINUTE, 3 * HOUR], ids=["checked out", "forgotten"])
def test_an_open_stay_is_the_exception_and_ends_with_it(
    phone: Phone, venue: Venue, ends: int
) -> None:
    phone.activate()
    fetch_notices(phone.session())
    phone.clock.now = CAME
    check_in_here(phone.file, venue.code(CAME))
    open_stay = everything(phone.home)["visits.json"]
    assert hour_at(CAME) in hours_found(open_stay)
    assert venues_found(open_stay, [venue]) == set()
    phone.clock.now += ends
    if ends < HOUR:
        check_out_here(phone.file)
    visits_of(phone.file).load()
    assert hours_found(everything(phone.home)["visits.json"]) == {hour_at(NOON)}


def test_two_phones_in_different_places_and_hours_differ_in_nothing_but_random_bytes(
    visited: Phone, other_venue: Venue, tmp_path: Path
) -> None:
    visited.clock.now = NOON
    other = replace(visited, home=tmp_path / "other")
    other.activate("0000111122223333")
    fetch_notices(other.session())
    other.clock.now = CAME - 3 * HOUR
    check_in_here(other.file, other_venue.code(other.clock.now))
    check_out_here(other.file)
    shapes = [
        re.sub(rb'"[\w-]{139}"', b"record", everything(phone.home)["visits.json"])
        for phone in (visited, other)
    ]
    assert shapes[0] == shapes[1]
    assert shapes[0].count(b"record") == 9  # Eight of them, and the member's name.


# What can be tried


def records_on(phone: Phone) -> list[bytes]:
    return [record for day in visits_of(phone.file).load().days for record in day.records]


def test_all_keys_of_the_authority_and_all_public_keys_open_nothing(
    visited: Phone, venue: Venue, other_venue: Venue
) -> None:
    """Any key that the thief has is tried for either side, in every hour of the days around."""
    world, records = visited.issuer.world, records_on(visited)
    assert len(records) == 8
    hour = hour_at(CAME)
    for number in HOURS:
        known = (
            world.hour_key(number),
            other_venue.hour_key(number),
            public_half(venue.hour_key(number)),
            public_half(venue.hour_key(hour)),
            binding_of(public_half(venue.hour_key(hour))).ljust(32, b"\0"),
        )
        for outer, inner in product(known, known):
            keys = OpeningKeys(number, venue=outer, authority=inner)
            assert not any(keys.open(record) for record in records)


def test_with_the_venues_secret_the_visit_is_found_which_is_what_it_protects(
    visited: Phone, venue: Venue
) -> None:
    notice = venue.notice(hour_at(CAME))
    keys = OpeningKeys(notice.hour, venue=notice.venue_key, authority=notice.authority_key)
    [stay] = filter(None, map(keys.open, records_on(visited)))
    assert stay.arrive <= CAME < stay.leave


def test_a_venue_alone_knows_its_own_records_on_a_seized_phone(
    visited: Phone, venue: Venue, other_venue: Venue
) -> None:
    """What the document admits: the outer layer opens, and the minutes inside stay shut."""
    records = records_on(visited)
    assert _outer_layers(records, other_venue) == {}
    opened = _outer_layers(records, venue)
    hour = hour_at(CAME)
    assert opened.keys() == {hour, hour + 1}
    key = X25519PrivateKey.from_private_bytes(venue.hour_key(hour))
    with pytest.raises(InvalidTag):
        SUITE.decrypt(opened[hour], key, b"qupia-visit-a-v1" + hour_bytes(hour))


def _outer_layers(records: list[bytes], venue: Venue) -> dict[int, bytes]:
    opened = {}
    for hour, record in product(HOURS, records):
        key = X25519PrivateKey.from_private_bytes(venue.hour_key(hour))
        with suppress(InvalidTag):
            opened[hour] = SUITE.decrypt(record, key, b"qupia-visit-v1" + hour_bytes(hour))
    return opened


def test_records_carry_no_part_of_any_public_key(visited: Phone, venue: Venue) -> None:
    pieces = set()
    for hour in HOURS:
        for key in (venue.hour_key(hour), visited.issuer.world.hour_key(hour)):
            public = public_half(key)
            pieces |= {public[i : i + 6] for i in range(27)}
    for record in records_on(visited):
        assert not pieces & {record[i : i + 6] for i in range(99)}


def test_no_record_stands_out_by_length_or_by_bytes_at_a_place(phone: Phone, venue: Venue) -> None:
    """Real ones and dummies have the same shape: no byte is the same in all of one kind."""
    phone.activate()
    phone.clock.now = CAME
    real, dummies = [], []
    for _ in range(12):
        check_in_here(phone.file, venue.code(CAME))
    keys = [
        OpeningKeys(n.hour, venue=n.venue_key, authority=n.authority_key)
        for n in venue.notices(CAME, CAME + 3 * HOUR)
    ]
    for record in records_on(phone):
        (real if any(key.open(record) for key in keys) else dummies).append(record)
    assert len(real) >= 12
    assert len(dummies) >= 50
    for kind in (real, dummies):
        assert {len(record) for record in kind} == {104}
        # The last byte of an X25519 key is below 128 in either kind; all others take any value.
        fixed = [place for place in range(104) if len({record[place] for record in kind}) == 1]
        assert fixed == []
        assert max(record[31] for record in kind) < 128


# That the thief would have found it

PLANTS: dict[str, Callable[[Venue, int], bytes]] = {
    "number of the hour": lambda venue, hour: str(hour).encode(),
    "seconds": lambda venue, hour: str(begin_of(hour) + 1397).encode(),
    "bytes of the hour": lambda venue, hour: hour.to_bytes(4, "big"),
    "hour in base64": lambda venue, hour: base64.urlsafe_b64encode(hour.to_bytes(4, "big"))[:6],
    "hour in hex": lambda venue, hour: hour.to_bytes(4, "big").hex().encode(),
    "local time": lambda venue, hour: (
        datetime.fromtimestamp(begin_of(hour) + 5 * HOUR, UTC).strftime("%H:23").encode()
    ),
    "time of day": lambda venue, hour: (
        datetime.fromtimestamp(begin_of(hour), UTC).isoformat().encode()
    ),
    "key": lambda venue, hour: _key(venue, hour),
    "key in base64": lambda venue, hour: base64.urlsafe_b64encode(_key(venue, hour)),
    "key in hex": lambda venue, hour: _key(venue, hour).hex().encode(),
    "hash of the key": lambda venue, hour: sha256(_key(venue, hour)).hexdigest().encode(),
    "binding": lambda venue, hour: base64.b64encode(binding_of(_key(venue, hour))),
    "name": lambda venue, hour: venue.name.encode(),
    "escaped name": lambda venue, hour: venue.name.encode("ascii", "backslashreplace"),
    "name in base64": lambda venue, hour: base64.b64encode(venue.name.encode()),
}


def _key(venue: Venue, hour: int) -> bytes:
    return public_half(venue.hour_key(hour))


@pytest.mark.parametrize("plant", list(PLANTS))
def test_what_a_careless_wallet_writes_is_found(visited: Phone, venue: Venue, plant: str) -> None:
    hour = hour_at(CAME)
    data = everything(visited.home)["visits.json"]
    spoiled = data.replace(b'"days"', b'"x": "' + PLANTS[plant](venue, hour) + b'", "days"')
    assert spoiled != data
    assert hour in hours_found(spoiled) or venue.name in venues_found(spoiled, [venue])


def test_a_day_later_the_authority_publishes_and_then_the_phone_itself_says_when(
    visited: Phone, venue: Venue
) -> None:
    """From then on its owner is warned, and whoever holds the phone can read that."""
    visited.clock.now = CAME + DAY
    visited.issuer.publish_notices(venue.notice(hour_at(CAME)))
    fetch_notices(visited.session())
    assert hour_at(CAME) in hours_found(everything(visited.home)["visits.json"])
