"""References to people (an IIN, a passport number) and what becomes of them.

The bytes of a rid are docs/formats.md, "From a slip to an entitlement".
"""

import hashlib
import hmac
import unicodedata

from schemas.encoding import b64url_encode

LONGEST_REFERENCE = 64
"""In characters, after normalising."""

_LONGEST_RAW = 4 * LONGEST_REFERENCE
_RID_CONTEXT = b"qupia-ref-v1"
_DROPPED_CATEGORIES = {"Zs", "Zl", "Zp", "Pd", "Cf"}
"""Spaces, dashes, and characters without a shape (soft hyphen, zero width space)."""

_DROPPED = "\t\n\v\f\r\x85\N{MINUS SIGN}\N{HYPHEN BULLET}"


_LOOK_ALIKES = str.maketrans("АВЕКМНОРСТУХІЈЅ", "ABEKMHOPCTYXIJS")


def normalise_reference(text: str) -> str:
    """``text`` in NFKC and upper case, without spaces and hyphens of any kind, in Latin letters.

    Cyrillic letters that look like Latin ones become those: on a passport nobody sees which they
    are.

    The same however often it is applied. Raises ValueError, without the text, when nothing is
    left, over 64 characters are, or one of them cannot be printed.
    """
    if len(text) > _LONGEST_RAW:
        raise ValueError(f"a reference has at most {LONGEST_REFERENCE} characters")
    upper = unicodedata.normalize("NFKC", text).upper()
    kept = "".join(character for character in upper if not _is_dropped(character))
    # Upper case can undo NFKC, and where something was dropped what stood around it can join.
    reference = unicodedata.normalize("NFKC", kept).translate(_LOOK_ALIKES)
    if not 0 < len(reference) <= LONGEST_REFERENCE:
        raise ValueError(f"a reference has 1 to {LONGEST_REFERENCE} characters besides spaces")
    if not reference.isprintable():
        raise ValueError("a reference holds printable characters only")
    return reference


def _is_dropped(character: str) -> bool:
    return character in _DROPPED or unicodedata.category(character) in _DROPPED_CATEGORIES


def derive_rid(reference_key: bytes, reference: str, *, generation: int = 0) -> str:
    """What an entitlement carries instead of a reference: its HMAC, base64url, 43 characters.

    base64url(HMAC-SHA256(reference key, "qupia-ref-v1" || reference)), the reference normalised.
    Whoever lost a phone goes on under the next ``generation``, which follows the reference as 0x00
    and four bytes. No reference contains 0x00. Raises ValueError as :func:`normalise_reference`.
    """
    message = _RID_CONTEXT + normalise_reference(reference).encode()
    if generation:
        message += b"\0" + generation.to_bytes(4, "big")
    return b64url_encode(hmac.digest(reference_key, message, hashlib.sha256))
