"""Text forms of bytes and times: base64, base64url, base45, RFC 3339; one form for each value."""

import base64
import re
import struct
from datetime import UTC, datetime

BASE45_ALPHABET = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
"""RFC 9285 section 4.2."""

_NOT_A_DIGIT = 255
_BASE45_DIGITS = bytes(
    BASE45_ALPHABET.index(byte) if byte in BASE45_ALPHABET else _NOT_A_DIGIT for byte in range(256)
)
_BASE64URL = re.compile(r"[A-Za-z0-9_-]*\Z")
_LAST_DIGITS = {2: "AQgw", 3: "AEIMQUYcgkosw048"}
"""The digits whose unused bits are zero, by how many digits the last group has."""

_TIME = re.compile(
    r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d(:\d\d(\.\d+)?)?([Zz]|[+-]\d\d:\d\d)\Z", flags=re.ASCII
)
_END_OF_TIME = 253_370_764_800
"""The year 9999: later dates cannot be reckoned with, nor can those before 1970."""

_BODY_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\Z", flags=re.ASCII)


def b64url_encode(data: bytes) -> str:
    """Base64url without padding (RFC 4648 section 5)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def b64url_decode(text: str) -> bytes:
    """The inverse of :func:`b64url_encode`; raises ValueError for any other form of the bytes."""
    rest = len(text) % 4
    if rest == 1 or not _BASE64URL.match(text):
        raise ValueError("not base64url")
    if rest and text[-1] not in _LAST_DIGITS[rest]:
        raise ValueError("not canonical base64url")
    return base64.urlsafe_b64decode(text + "==")


def b64_encode(data: bytes) -> str:
    """Base64 with padding (RFC 4648 section 4)."""
    return base64.b64encode(data).decode("ascii")


def b64_decode(text: str) -> bytes:
    """The inverse of :func:`b64_encode`; raises ValueError for any other form of the bytes."""
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError:
        raise ValueError("not base64") from None
    if b64_encode(data) != text:
        raise ValueError("not canonical base64")
    return data


def base45_encode(data: bytes) -> str:
    """Base45 (RFC 9285 section 4): three characters for two bytes, two for a last single one."""
    pairs, last = data[: len(data) & ~1], data[len(data) & ~1 :]
    digits = bytearray()
    for (pair,) in struct.iter_unpack(">H", pairs):
        rest, first = divmod(pair, 45)
        third, second = divmod(rest, 45)
        digits += bytes((first, second, third))
    for byte in last:
        digits += bytes((byte % 45, byte // 45))
    return digits.translate(BASE45_ALPHABET.ljust(256, b"?")).decode("ascii")


def base45_decode(text: str) -> bytes:
    """The inverse of :func:`base45_encode`; raises ValueError for anything else.

    Three digits c, d, e stand for c + 45 d + 45² e, which must fit 16 bits, and two last ones for
    c + 45 d, which must fit eight (RFC 9285 section 4).
    """
    try:
        digits = text.encode("ascii").translate(_BASE45_DIGITS)
    except UnicodeEncodeError:
        raise ValueError("not base45") from None
    if _NOT_A_DIGIT in digits or len(digits) % 3 == 1:
        raise ValueError("not base45")
    whole = len(digits) // 3 * 3
    data = _join_digits(digits[:whole])
    return data + _last_byte(*digits[whole:]) if digits[whole:] else data


def _last_byte(first: int, second: int) -> bytes:
    value = first + 45 * second
    if value > 255:
        raise ValueError("not base45")
    return bytes((value,))


def _join_digits(digits: bytes) -> bytes:
    """All triples at once, as three long numbers with 24 bits for each triple.

    No triple reaches 2¹⁷, so none reaches into the next one. This takes a third of the time
    of a loop, and a door decodes hundreds of triples for each visitor.
    """
    count = len(digits) // 3
    lanes, total = bytearray(3 * count), 0
    for place, weight in enumerate((1, 45, 2025)):
        lanes[2::3] = digits[place::3]
        total += weight * int.from_bytes(lanes, "big")
    sums = total.to_bytes(3 * count, "big")
    if sums[0::3] != bytes(count):
        raise ValueError("not base45")
    data = bytearray(2 * count)
    data[0::2], data[1::2] = sums[1::3], sums[2::3]
    return bytes(data)


def format_time(seconds: int) -> str:
    """RFC 3339 in UTC with ``Z``, whole seconds: the form of all JSON bodies."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def parse_time(text: str) -> int:
    """Unix seconds of an ISO 8601 time with offset or Z, seconds optional.

    This is the TIME of docs/formats.md, "Commands".

    Raises ValueError for anything else, a time without an offset included.
    """
    if not _TIME.match(text):
        raise ValueError("a time looks like 2026-03-17T09:30:00Z or 2026-03-17T14:30+05:00")
    try:
        seconds = int(datetime.fromisoformat(text.upper()).timestamp())
    except (ValueError, OverflowError):
        raise ValueError("no such time") from None
    if not 0 <= seconds < _END_OF_TIME:
        raise ValueError("no such time")
    return seconds


def parse_body_time(text: str) -> int:
    """Unix seconds of a time in a JSON body: RFC 3339, UTC, ``Z``, whole seconds."""
    if not _BODY_TIME.match(text):
        raise ValueError("a time in a body looks like 2026-03-17T09:30:00Z")
    return parse_time(text)
