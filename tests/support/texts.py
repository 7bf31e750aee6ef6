"""Compact JWSs of any content, right or wrong, written without the code under test."""

import json
from typing import Any

from schemas.encoding import b64url_encode
from tests.support.keys import EcKey


def compact(header: bytes, payload: bytes, signature: bytes) -> str:
    """The three parts as they are."""
    return ".".join(b64url_encode(part) for part in (header, payload, signature))


def signed(header: bytes, payload: bytes, key: EcKey) -> str:
    """Header and payload as they are, under an ES256 signature that verifies."""
    message = f"{b64url_encode(header)}.{b64url_encode(payload)}".encode()
    return compact(header, payload, key.sign(message))


def jws(
    payload: dict[str, Any], *, typ: str, key: EcKey, kid: str | None = None, **header: Any
) -> str:
    """A JWS as an authority makes it; ``header`` adds members or replaces them."""
    members = {"alg": "ES256", "kid": kid or key.kid, "typ": typ, **header}
    return signed(to_json(members), to_json(payload), key)


def to_json(value: object) -> bytes:
    """JSON in one fixed form."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()
