"""Everything that reads bytes from strangers, under one form for tests that feed it anything.

A reader is called with bytes and a name of :data:`PARSERS`. It may refuse them in the ways that it
promises; any other error, and a text that it would write in another form, is a fault.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from schemas.activation import parse_activation_url, parse_code
from schemas.check_in import CheckInCode, format_check_in, parse_check_in
from schemas.encoding import b64url_decode, b64url_encode, base45_decode, base45_encode, parse_time
from schemas.errors import Refusal
from schemas.hours import hour_at, hour_bytes
from schemas.jws import parse, parse_json_object
from schemas.notices import accept_notices
from schemas.paper import parse_paper
from schemas.presentation import format_presentation, parse_presentation
from schemas.trace import SealedTrace, format_trace, open_trace, parse_trace
from schemas.trust import read_bundle
from tests.support import hpke
from tests.support.texts import jws, to_json
from tests.support.world import NOON, World
from verifier.door.verification import verify

REFUSALS = (ValueError, Refusal)

WORLD = World(tracing=True)
BUNDLE_DATA = WORLD.bundle(NOON)
BUNDLE = read_bundle(BUNDLE_DATA, anchor=WORLD.pin).bundle
PRIVATE = hpke.fixed_key("a venue's hour")
PUBLIC = hpke.public(PRIVATE)
HOUR = hour_at(NOON)
CHECK_IN = format_check_in(CheckInCode(HOUR, (PUBLIC,), bytes(16), "Abai"))
SLIP = "https://qupia.example/activate#7K3M-9QX2-VT00-1C5H." + WORLD.pin
_SEALED = hpke.seal(
    hour_bytes(HOUR) + PRIVATE,
    to=PUBLIC,
    ephemeral=hpke.fixed_key("an export"),
    info=b"qupia-trace-v1",
)
TRACE = format_trace(SealedTrace(WORLD.iss, HOUR // 24, _SEALED))
"""Sealed here and not by the product, so that it is always the same."""

NOTICES = jws(
    {
        "iss": WORLD.iss,
        "version": 1,
        "iat": NOON,
        "exp": NOON + 86_400,
        "notices": [{"hour": 1, "venue_key": "A" * 43, "authority_key": "A" * 43}],
    },
    typ="qupia-notices+jwt",
    key=WORLD.notices_key,
).encode()


@dataclass(frozen=True)
class Parser:
    """What reads, and what it can read: where others begin."""

    read: Callable[[bytes], object]
    seeds: tuple[bytes, ...]


def _text(data: bytes) -> str:
    return data.decode("utf-8")


def _read_pass(data: bytes) -> None:
    assert format_presentation(parse_presentation(_text(data))) == _text(data)


def _read_check_in(data: bytes) -> None:
    line = _text(data).removesuffix("\n").removesuffix("\r")
    assert format_check_in(parse_check_in(_text(data))) == line


def _read_trace(data: bytes) -> None:
    open_trace(parse_trace(data), PRIVATE)


def _read_base45(data: bytes) -> None:
    assert base45_encode(base45_decode(_text(data))) == _text(data)


def _read_base64(data: bytes) -> None:
    assert b64url_encode(b64url_decode(_text(data))) == _text(data)


def _decide(data: bytes) -> None:
    verify(_text(data), bundle=BUNDLE, policy=BUNDLE.policies[0], now=NOON)


def _read_notices(data: bytes) -> None:
    accept_notices(data, bundle=BUNDLE, seen={}, now=NOON)


_CODE = WORLD.code(NOON).encode()
_PAPER = WORLD.paper(NOON).encode()
_JSON = (to_json(WORLD.payload(NOON)), b'{"a":[1.5e3,"\\ud83d\\ude00",null]}')

PARSERS: Mapping[str, Parser] = {
    "json": Parser(parse_json_object, _JSON),
    "jws": Parser(lambda data: parse(_text(data)), (_PAPER,)),
    "base45": Parser(_read_base45, (_CODE[4:],)),
    "base64": Parser(_read_base64, (b"AA", b"AAA", _PAPER[:40])),
    "pass": Parser(_read_pass, (_CODE,)),
    "paper": Parser(lambda data: parse_paper(_text(data)), (_PAPER,)),
    "check_in": Parser(_read_check_in, (CHECK_IN.encode(),)),
    "slip": Parser(lambda data: parse_activation_url(_text(data)), (SLIP.encode(),)),
    "code": Parser(lambda data: parse_code(_text(data)), (b"7K3M-9QX2-VT00-1C5H",)),
    "time": Parser(lambda data: parse_time(_text(data)), (b"2026-03-17T07:00:00Z",)),
    "trace": Parser(_read_trace, (TRACE,)),
    "notices": Parser(_read_notices, (NOTICES,)),
    "bundle": Parser(lambda data: read_bundle(data, anchor=WORLD.pin), (BUNDLE_DATA,)),
    "door": Parser(_decide, (_CODE, _PAPER)),
}


def feed(name: str, data: bytes) -> bool:
    """Whether a reader takes ``data``; raises what it must not raise."""
    try:
        PARSERS[name].read(data)
    except REFUSALS:
        return False
    return True
