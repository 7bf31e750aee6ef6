"""The account key: a fresh P-256 key for each entitlement, and proofs that a call is its own.

A proof is a DPoP JWT (RFC 9449 section 4.2) with ``bh``, the hash of the body, in place of
``ath`` (docs/formats.md, "Proving that a request is the wallet's"): nobody on the way can exchange
the body.
"""

import json
import secrets
from hashlib import sha256

import jwt
from cryptography.hazmat.primitives.asymmetric import ec

from schemas.encoding import b64url_encode
from schemas.jwk import jwk_from_key
from schemas.jws import ALGORITHM, Typ

_SCALAR_BYTES = 32
_JTI_BYTES = 16
_JWS = jwt.PyJWS(algorithms=[ALGORITHM])


def new_private_key() -> bytes:
    """The scalar of a fresh P-256 key, 32 bytes."""
    key = ec.generate_private_key(ec.SECP256R1())
    return key.private_numbers().private_value.to_bytes(_SCALAR_BYTES, "big")


def load_private_key(scalar: bytes) -> ec.EllipticCurvePrivateKey:
    """The key of a scalar that :func:`new_private_key` gave; raises ValueError for others."""
    return ec.derive_private_key(int.from_bytes(scalar, "big"), ec.SECP256R1())


def dpop_proof(account_key: bytes, *, method: str, url: str, body: bytes, now: int) -> str:
    """A proof for one call; ``body`` as it is sent, ``now`` the issuer's own time."""
    key = load_private_key(account_key)
    claims = {
        "htm": method,
        "htu": url,
        "iat": now,
        "jti": b64url_encode(secrets.token_bytes(_JTI_BYTES)),
        "bh": b64url_encode(sha256(body).digest()),
    }
    return _JWS.encode(
        json.dumps(claims, separators=(",", ":")).encode("utf-8"),
        key,
        algorithm=ALGORITHM,
        headers={"typ": Typ.DPOP.value, "jwk": jwk_from_key(key.public_key())},
    )
