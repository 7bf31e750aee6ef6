"""Payloads of bundles that break one rule each, for every program that reads bundles."""

from collections.abc import Callable
from typing import Any

import pytest

from schemas.bundle import LONGEST_LIFE
from schemas.bundle_faults import BundleFault
from schemas.encoding import b64url_encode
from schemas.kinds import DAY
from schemas.token import token_key_id
from tests.support.keys import filler_modulus, rsa_key
from tests.support.world import NOON, World

Payload = dict[str, Any]
Entry = dict[str, Any]


def entry_like(entry: Entry, **members: Any) -> Entry:
    """A key that nobody else has, in the cell of ``entry`` unless ``members`` say otherwise."""
    key = rsa_key(199)
    return entry | {"id": b64url_encode(key.id), "n": b64url_encode(key.modulus)} | members


def second_key_one_second_later(keys: list[Entry]) -> None:
    keys.append(entry_like(keys[0], nbf=keys[0]["nbf"] + 1))


def second_key_one_second_longer(keys: list[Entry]) -> None:
    keys.append(entry_like(keys[0], exp=keys[0]["exp"] + 1))


def two_keys_in_one_cell(keys: list[Entry]) -> None:
    keys.append(entry_like(keys[0]))


def the_same_key_twice_in_two_cells(keys: list[Entry]) -> None:
    keys[1] |= {"id": keys[0]["id"], "n": keys[0]["n"]}


def a_missing_cell(keys: list[Entry]) -> None:
    del keys[5]


def a_missing_window(keys: list[Entry]) -> None:
    first = keys[0]["nbf"]
    keys[:] = [key for key in keys if key["nbf"] != first]


def a_gap_between_windows(keys: list[Entry]) -> None:
    second = sorted({key["nbf"] for key in keys})[1]
    keys[:] = [key for key in keys if key["nbf"] != second]


def a_window_too_many(keys: list[Entry]) -> None:
    last = max(key["exp"] for key in keys)
    moved = [key for key in keys if key["exp"] == last]
    for i, key in enumerate(moved):
        modulus = filler_modulus(f"extra {i}")
        keys.append(key | new_key(modulus) | {"nbf": last, "exp": last + DAY})


def windows_that_overlap(keys: list[Entry]) -> None:
    first = keys[0]["exp"]
    for key in keys:
        if key["exp"] == first:
            key["exp"] += 1


def a_window_of_no_length(keys: list[Entry]) -> None:
    last = max(key["nbf"] for key in keys)
    for key in keys:
        if key["nbf"] == last:
            key["exp"] = last


def a_day_among_months(keys: list[Entry]) -> None:
    keys[0]["holder"] = "01-01"


def no_hint_among_months(keys: list[Entry]) -> None:
    keys[0]["holder"] = None


def an_extra_key_without_a_hint(keys: list[Entry]) -> None:
    keys.append(entry_like(keys[0], holder=None))


def a_status_that_is_not_declared(keys: list[Entry]) -> None:
    keys[0]["status"] = "red"


def no_keys(keys: list[Entry]) -> None:
    keys.clear()


def new_key(modulus: bytes) -> Entry:
    return {"id": b64url_encode(token_key_id(modulus)), "n": b64url_encode(modulus)}


def replacing(**members: Any) -> Callable[[Payload], None]:
    return lambda payload: payload.update(members)


def drop(name: str) -> Callable[[Payload], None]:
    return lambda payload: payload.pop(name)


def policy(**members: Any) -> Callable[[Payload], None]:
    return lambda payload: payload["policies"][0].update(members)


def key_entry(**members: Any) -> Callable[[Payload], None]:
    return lambda payload: payload["pass_keys"][0].update(members)


def tracing(*hours: int, x: str = b64url_encode(bytes(range(32)))) -> list[Entry]:
    return [{"hour": hour, "x": x} for hour in hours]


def exports(*days: int, x: str = b64url_encode(bytes(range(32)))) -> list[Entry]:
    return [{"day": day, "x": x} for day in days]


def five_statuses(payload: Payload) -> None:
    payload["statuses"] = [payload["statuses"][0] | {"id": f"s{i}"} for i in range(5)]


def the_same_status_twice(payload: Payload) -> None:
    payload["statuses"] *= 2


def the_same_policy_twice(payload: Payload) -> None:
    payload["policies"] *= 2


def a_private_paper_key(payload: Payload) -> None:
    payload["paper_keys"][0]["d"] = payload["paper_keys"][0]["x"]


def retiring(at: int) -> Payload:
    """A payload in which the first key of today is withdrawn at a time."""
    world = World()
    world.bundle(NOON)
    world.retire(world.calendar.window_at(NOON), at=at)
    return world.payload(NOON)


def replaced_in_retiring(payload: Payload, **members: object) -> None:
    payload["retiring"][0] |= members


OFF_THE_GRID = [
    (second_key_one_second_later, BundleFault.BROKEN_GRID),
    (second_key_one_second_longer, BundleFault.BROKEN_GRID),
    (two_keys_in_one_cell, BundleFault.BROKEN_GRID),
    (the_same_key_twice_in_two_cells, BundleFault.KEY_ID_COLLISION),
    (a_missing_cell, BundleFault.BROKEN_GRID),
    (a_missing_window, BundleFault.BROKEN_GRID),
    (a_gap_between_windows, BundleFault.BROKEN_GRID),
    (a_window_too_many, BundleFault.BROKEN_GRID),
    (windows_that_overlap, BundleFault.BROKEN_GRID),
    (a_window_of_no_length, BundleFault.BROKEN_GRID),
    (a_day_among_months, BundleFault.BROKEN_GRID),
    (no_hint_among_months, BundleFault.BROKEN_GRID),
    (an_extra_key_without_a_hint, BundleFault.BROKEN_GRID),
    (a_status_that_is_not_declared, BundleFault.BROKEN_GRID),
    (no_keys, BundleFault.BROKEN_GRID),
]
"""What is done to the list of keys, and the fault that it meets."""

BESIDE_THE_GRID = [
    pytest.param(lambda p: p["retired"][0].update(at=NOON), id="that is retired"),
    pytest.param(lambda p: p["retired"][0].update(at=NOON + DAY + 1), id="for over a day"),
    pytest.param(lambda p: p.update(retired=[]), id="that is not withdrawn"),
    pytest.param(lambda p: p.update(retiring=p["retiring"] * 2), id="twice"),
    pytest.param(lambda p: p.update(retiring=p["pass_keys"][:1]), id="of the grid"),
    pytest.param(lambda p: replaced_in_retiring(p, holder="03"), id="of a hint that is not used"),
    pytest.param(lambda p: replaced_in_retiring(p, status="red"), id="of an unknown status"),
    pytest.param(lambda p: replaced_in_retiring(p, nbf=0), id="of another window"),
]
"""What is done to a payload in which one key is retiring, so that the grid is broken."""

FOREIGN_MODULI = [
    pytest.param(rsa_key(198).modulus, id="of another key"),
    pytest.param(rsa_key(0).modulus[:-1] + b"\x00", id="even"),
    pytest.param(b"\x7f" + rsa_key(0).modulus[1:], id="2047 bits"),
]
"""None of them is that of the first key."""

BREAKING_A_RULE = [
    pytest.param(policy(admit=[]), id="a policy that admits nothing"),
    pytest.param(policy(admit=["red"]), id="a policy that admits an unknown status"),
    pytest.param(policy(hint="maybe"), id="a policy with another hint rule"),
    pytest.param(replacing(policies=[]), id="no policy"),
    pytest.param(replacing(statuses=[]), id="no status"),
    pytest.param(five_statuses, id="five statuses"),
    pytest.param(the_same_status_twice, id="a status twice"),
    pytest.param(the_same_policy_twice, id="a policy twice"),
    pytest.param(a_private_paper_key, id="a private key"),
    pytest.param(replacing(exp=NOON), id="no life"),
    pytest.param(replacing(exp=NOON - 1), id="an end before the beginning"),
    pytest.param(replacing(exp=NOON + LONGEST_LIFE + 1), id="a life over seven days"),
    pytest.param(replacing(version=0), id="version 0"),
    pytest.param(replacing(version="1"), id="a version in quotes"),
    pytest.param(replacing(version=10**400), id="a huge version"),
    pytest.param(replacing(iat=True), id="true for a time"),
    pytest.param(replacing(iat=-1), id="a time before 1970"),
    pytest.param(replacing(hint="year"), id="an unknown hint form"),
    pytest.param(replacing(iss="https://қазақ.example"), id="an address that is not ASCII"),
    pytest.param(replacing(token_issuer=""), id="no token issuer"),
    pytest.param(replacing(token_issuer="a" * 101), id="a long token issuer"),
    pytest.param(replacing(name={"en": "Qupia"}), id="a name in one language"),
    pytest.param(replacing(specimen="no"), id="a text for true or false"),
    pytest.param(replacing(retired=[{"id": "AAAA", "at": 0}]), id="a short retired id"),
    pytest.param(replacing(previous="AAAA"), id="a short entry before"),
    pytest.param(replacing(previous="A" * 42 + "B"), id="the entry before in another spelling"),
    pytest.param(replacing(handover=7), id="a handover that is no text"),
    pytest.param(replacing(tracing=tracing(7) + tracing(7)), id="an hour twice"),
    pytest.param(replacing(tracing=tracing(7, 8, x="A" * 42 + "B")), id="another spelling"),
    pytest.param(replacing(tracing=tracing(7, x="A" * 44)), id="an hour key of 33 bytes"),
    pytest.param(replacing(tracing=tracing(-1)), id="an hour before 1970"),
    pytest.param(replacing(tracing=tracing(1 << 32)), id="an hour beyond four bytes"),
    pytest.param(replacing(tracing=tracing(*range(257))), id="257 hours"),
    pytest.param(replacing(tracing={}), id="hours that are no list"),
    pytest.param(replacing(tracing_exports=exports(7, 7)), id="a day twice"),
    pytest.param(replacing(tracing_exports=exports(7, x="A" * 42 + "B")), id="a day's key spelt"),
    pytest.param(replacing(tracing_exports=exports(7, x="A" * 44)), id="a day's key of 33 bytes"),
    pytest.param(replacing(tracing_exports=exports(-1)), id="a day before 1970"),
    pytest.param(replacing(tracing_exports=exports(49_710)), id="a day beyond four bytes"),
    pytest.param(replacing(tracing_exports=exports(*range(17))), id="17 days"),
    pytest.param(replacing(tracing_exports={}), id="days that are no list"),
    pytest.param(key_entry(n=b64url_encode(bytes(257))), id="a modulus of 257 bytes"),
    pytest.param(key_entry(n="A" * 341 + "B"), id="a modulus in another spelling"),
    pytest.param(key_entry(holder="13"), id="a thirteenth month"),
    pytest.param(key_entry(holder=""), id="an empty hint"),
    *(pytest.param(drop(name), id=f"without {name}") for name in World().payload(NOON)),
]
"""What is done to a payload, which is no bundle any more."""
