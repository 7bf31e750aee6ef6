"""Inputs that are nearly right: bytes, JSON and signed texts with a few places changed.

All of it is drawn from a ``Random``, so that its seed brings an input back.
"""

import json
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

from schemas.encoding import b64url_decode
from tests.support import texts
from tests.support.keys import EcKey
from tests.support.spellings import NUMBERS, TIMES, VALUES

_MARK = "\ufdd0"
"""Stands in a value for the spelling that is put there; no text of ours has it."""

_LONGEST_SPELLING = 400
_SPELLINGS = [s for s in (*VALUES.values(), *NUMBERS, *TIMES) if len(s) <= _LONGEST_SPELLING]
_PIECES = [b"", b"\0", b".", b"=", b"\r\n", b"\xff", b"\xef\xbb\xbf", b"{", b'"', b"AAAA", b"QP1:"]


def changed_bytes(data: bytes, random: Random, *, others: Sequence[bytes] = ()) -> bytes:
    """``data`` with one to three places flipped, removed, doubled, filled, or taken from others."""
    for _ in range(random.randint(1, 3)):
        at = random.randint(0, len(data))
        end = min(len(data), at + random.choice((0, 1, 1, 2, 4, 32)))
        data = random.choice(_WAYS)(data, at, end, random, others)
    return data


def _flip(data: bytes, at: int, _end: int, random: Random, _others: Sequence[bytes]) -> bytes:
    if at == len(data):
        return data
    return data[:at] + bytes([data[at] ^ (1 << random.randrange(8))]) + data[at + 1 :]


def _remove(data: bytes, at: int, end: int, _random: Random, _others: Sequence[bytes]) -> bytes:
    return data[:at] + data[end:]


def _double(data: bytes, at: int, end: int, _random: Random, _others: Sequence[bytes]) -> bytes:
    return data[:end] + data[at:]


def _fill(data: bytes, at: int, end: int, random: Random, _others: Sequence[bytes]) -> bytes:
    return data[:at] + random.choice((*_PIECES, random.randbytes(4))) + data[end:]


def _join(data: bytes, at: int, _end: int, random: Random, others: Sequence[bytes]) -> bytes:
    """The beginning of one and the end of another."""
    other = random.choice(others) if others else data
    return data[:at] + other[min(at, len(other)) :]


_WAYS = (_flip, _remove, _double, _fill, _join)


def changed_json(value: Any, random: Random) -> bytes:
    """``value`` as JSON with one to three members changed, one of them perhaps spelt oddly."""
    value = json.loads(json.dumps(value))
    for _ in range(random.randint(1, 3)):
        _change_inside(value, random)
    text = texts.to_json(value)
    mark = json.dumps(_MARK, ensure_ascii=False).encode()
    while mark in text:
        text = text.replace(mark, random.choice(_SPELLINGS), 1)
    return text


def _change_inside(value: Any, random: Random) -> None:
    """Goes down at random and changes one place there."""
    place = value
    while True:
        inner = [item for item in _items(place) if isinstance(item, dict | list) and item]
        if not inner or random.random() < 0.3:
            break
        place = random.choice(inner)
    names = list(place) if isinstance(place, dict) else list(range(len(place)))
    if names:
        random.choice(_CHANGES)(place, random.choice(names), random.choice(names), random)


def _items(place: Any) -> list[Any]:
    return list(place.values()) if isinstance(place, dict) else place


def _replace(place: Any, name: Any, _other: Any, random: Random) -> None:
    place[name] = random.choice((None, True, 0, -1, 2**53, "", "x", [], {}, [[]], _MARK, _MARK))


def _delete(place: Any, name: Any, _other: Any, _random: Random) -> None:
    del place[name]


def _copy(place: Any, name: Any, other: Any, _random: Random) -> None:
    place[name] = place[other]


def _nudge(place: Any, name: Any, _other: Any, random: Random) -> None:
    match place[name]:
        case bool() as old:
            place[name] = not old
        case int() | float() as old:
            place[name] = old + random.choice((-86_400, -1, 1, 86_400))
        case str() as old:
            at = random.randint(0, len(old))
            place[name] = old[:at] + random.choice(("", "A", "é", "_")) + old[at + 1 :]
        case list() as old:
            place[name] = old + old[:1]
        case _:
            place[name] = _MARK


def _add(place: Any, name: Any, _other: Any, random: Random) -> None:
    if isinstance(place, dict):
        place[random.choice(("extra", "__proto__", "crit", "d", str(name).upper()))] = _MARK


_CHANGES: Sequence[Callable[[Any, Any, Any, Random], None]] = (
    *(_replace, _delete, _copy, _nudge, _nudge, _add),
)


def changed_jws(text: str, key: EcKey, random: Random) -> str:
    """A compact JWS with header or payload changed and signed anew, or with other letters."""
    header, payload, _ = text.split(".")
    match random.choice(("header", "payload", "payload", "payload", "letters")):
        case "header":
            written = changed_json(json.loads(b64url_decode(header)), random)
            return texts.signed(written, b64url_decode(payload), key)
        case "payload":
            written = changed_json(json.loads(b64url_decode(payload)), random)
            return texts.signed(b64url_decode(header), written, key)
        case _:
            return changed_bytes(text.encode(), random).decode("latin-1")
