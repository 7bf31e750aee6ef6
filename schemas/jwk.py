"""P-256 public keys as JWKs and their thumbprints (RFC 7517, RFC 7518 section 6.2, RFC 7638)."""

from collections.abc import Mapping
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric import ec

from schemas.encoding import b64url_decode, b64url_encode

_COORDINATE_BYTES = 32


def jwk_from_key(key: ec.EllipticCurvePublicKey) -> dict[str, str]:
    """``kty``, ``crv``, ``x`` and ``y`` of a P-256 key, and nothing else."""
    numbers = key.public_numbers()
    return {
        "kty": "EC",
        "crv": "P-256",
        "x": b64url_encode(numbers.x.to_bytes(_COORDINATE_BYTES, "big")),
        "y": b64url_encode(numbers.y.to_bytes(_COORDINATE_BYTES, "big")),
    }


def key_from_jwk(jwk: Mapping[str, object]) -> ec.EllipticCurvePublicKey:
    """The key in a JWK; raises ValueError unless it is a point on P-256 in canonical form."""
    if jwk.get("kty") != "EC" or jwk.get("crv") != "P-256":
        raise ValueError("not a P-256 key")
    if {"d", "k", "p", "q"} & jwk.keys():
        raise ValueError("a private key where a public one belongs")
    return key_from_point(_coordinate(jwk.get("x")), _coordinate(jwk.get("y")))


def key_from_point(x: bytes, y: bytes) -> ec.EllipticCurvePublicKey:
    """The key with affine coordinates ``x``, ``y`` (32 bytes each).

    Raises ValueError for a point that is not on the curve (SEC 1 section 3.2.2.1).
    """
    return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), b"\x04" + x + y)


def thumbprint(jwk: Mapping[str, object]) -> str:
    """RFC 7638 thumbprint, base64url of SHA-256, 43 characters."""
    required = f'{{"crv":"{jwk["crv"]}","kty":"{jwk["kty"]}","x":"{jwk["x"]}","y":"{jwk["y"]}"}}'
    return b64url_encode(sha256(required.encode("ascii")).digest())


def _coordinate(value: object) -> bytes:
    if not isinstance(value, str):
        raise ValueError("a coordinate is missing")
    data = b64url_decode(value)
    if len(data) != _COORDINATE_BYTES:
        raise ValueError("a coordinate has 32 bytes")
    return data
