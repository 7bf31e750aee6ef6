"""Public halves of root keys that were made on machines of their own."""

from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from schemas.jwk import jwk_from_key
from shell.errors import CommandError
from shell.files import read_given

_LIMIT = 64_000
"""Bytes; the key has 180."""


def read_public_root(path: Path) -> dict[str, str]:
    """The JWK of a P-256 public key in PEM (RFC 7468); raises CommandError.

    A private key is refused: the root's belongs on no machine with a network.
    """
    try:
        data = read_given(path, limit=_LIMIT)
    except FileNotFoundError:
        raise CommandError(f"{path} is missing; give the file of the public key") from None
    if b"PRIVATE KEY" in data:
        raise CommandError(
            f"{path} is a private key, which stays where it was made; give its public half: "
            "openssl pkey -in ROOT.pem -pubout"
        )
    try:
        key = serialization.load_pem_public_key(data)
    except (ValueError, TypeError):
        raise CommandError(f"{path} holds no public key in PEM") from None
    if not isinstance(key, ec.EllipticCurvePublicKey) or key.curve.name != "secp256r1":
        raise CommandError(f"{path} holds no P-256 key; make one: openssl ecparam -name prime256v1")
    return jwk_from_key(key)
