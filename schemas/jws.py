"""Compact JWS under ES256, read strictly (RFC 7515, RFC 7518 section 3.4, RFC 8725).

One algorithm, fixed here. Each signing key signs one ``typ``, compared exactly
(docs/formats.md, "Conventions"). PyJWT checks the signature; times are compared by the callers, who
are handed a clock.
"""

import json
import math
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain
from typing import Any, NoReturn

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

from schemas.encoding import b64url_decode
from schemas.errors import QupiaError

ALGORITHM = "ES256"
NESTING_LIMIT = 64
"""Levels of lists and objects in JSON, so that it does not hang on how deep a reader can go."""

_LARGEST_WHOLE = 2**53
_JWS = jwt.PyJWS(algorithms=[ALGORITHM])
_ES256 = ECAlgorithm(ECAlgorithm.SHA256)


class Typ(StrEnum):
    """What a signed text is for. A key that signs one never signs another."""

    ROOT = "qupia-root+jwt"
    TRUST = "qupia-trust+jwt"
    ENTITLEMENT = "qupia-entitlement+jwt"
    PAPER = "qupia-paper+jwt"
    RETENTION = "qupia-retention+jwt"
    NOTICES = "qupia-notices+jwt"
    DPOP = "dpop+jwt"


class InvalidJws(QupiaError, ValueError):
    """The text is not a JWS of the expected kind, or its signature is wrong."""


@dataclass(frozen=True)
class UnverifiedJws:
    """A JWS cut into its parts; header and payload are still whatever somebody wrote."""

    text: str
    unverified_header: dict[str, Any]
    unverified_payload: dict[str, Any]


def parse_json_object(data: bytes) -> dict[str, Any]:
    """A JSON object that every reader understands in one way; raises ValueError otherwise.

    Refused are duplicate members, half characters, NaN, numbers beyond the range of a double, and
    more than 64 levels of lists and objects. Numbers are the doubles that a browser reads, whole
    ones up to 2⁵³ in whatever form are int (RFC 7493 sections 2.1 to 2.3).
    """
    try:
        value = json.loads(
            data.decode("utf-8"),
            object_pairs_hook=_unique,
            parse_constant=_refuse_constant,
            parse_float=_number,
            parse_int=_number,
        )
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if not isinstance(value, dict):
        raise ValueError("not a JSON object")
    _check_nesting(value)
    if b"\\u" in data:
        # Only an escape can be half a character; to encode one raises a ValueError.
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("duplicate member")
    return members


def _number(text: str) -> int | float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError("not a JSON number")
    return int(value) if value.is_integer() and abs(value) <= _LARGEST_WHOLE else value


def _refuse_constant(_name: str) -> NoReturn:
    raise ValueError("not a JSON number")


def _check_nesting(value: dict[str, Any]) -> None:
    level: list[Any] = [value]
    for _ in range(NESTING_LIMIT):
        children = chain.from_iterable(v.values() if isinstance(v, dict) else v for v in level)
        level = [child for child in children if isinstance(child, dict | list)]
        if not level:
            return
    raise ValueError("nested too deeply")


def sign(payload: dict[str, Any], *, typ: Typ, key: ec.EllipticCurvePrivateKey, kid: str) -> str:
    """A compact JWS of ``payload`` with header ``alg``, ``kid`` and ``typ``."""
    body = json.dumps(payload, separators=(",", ":"), ensure_ascii=False).encode("utf-8")
    return sign_bytes(body, typ=typ, key=key, kid=kid)


def sign_bytes(body: bytes, *, typ: Typ, key: ec.EllipticCurvePrivateKey, kid: str) -> str:
    """:func:`sign` for a payload whose bytes are there already."""
    return _JWS.encode(body, key, algorithm=ALGORITHM, headers={"typ": typ.value, "kid": kid})


def parse(text: str) -> UnverifiedJws:
    """Cut a compact JWS into its parts; raises InvalidJws."""
    parts = text.split(".")
    if len(parts) != 3:
        raise InvalidJws("not a compact JWS")
    try:
        header, payload = (parse_json_object(b64url_decode(part)) for part in parts[:2])
        b64url_decode(parts[2])
    except ValueError as error:
        raise InvalidJws(str(error)) from None
    return UnverifiedJws(text, header, payload)


def verify(
    unverified: UnverifiedJws, *, typ: Typ, key: ec.EllipticCurvePublicKey
) -> dict[str, Any]:
    """The payload, once ``alg``, ``typ`` and the signature are right; raises InvalidJws.

    ``crit`` is refused whatever it lists, since no extension is known here (RFC 7515 section
    4.1.11), and so is ``b64``, which would change what is signed (RFC 7797).
    """
    header = unverified.unverified_header
    extended = not header.keys().isdisjoint(("crit", "b64"))
    if header.get("alg") != ALGORITHM or header.get("typ") != typ.value or extended:
        raise InvalidJws("not a JWS of this kind")
    # PyJWT is asked about the signature alone: were it to parse the text again, the two parsers
    # could differ.
    signed, _, signature = unverified.text.rpartition(".")
    if not _ES256.verify(signed.encode("ascii"), key, b64url_decode(signature)):
        raise InvalidJws("the signature is wrong")
    return unverified.unverified_payload
