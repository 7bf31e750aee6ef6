"""DPoP: that a request comes from the wallet that holds the account key (RFC 9449).

There is no ``ath`` and no nonce. Instead ``bh`` binds the body, so that a proxy cannot swap the
batch; calls are idempotent, so a replayed proof gains nothing
(docs/formats.md, "Proving that a request is the wallet's").
"""

import hmac
from hashlib import sha256

from schemas import jws
from schemas.encoding import b64url_encode
from schemas.jwk import key_from_jwk, thumbprint
from schemas.problems import ApiProblem, Problem
from schemas.validation import matches

IAT_TOLERANCE = 60
"""Seconds by which a wallet's clock may differ."""

LONGEST_PROOF = 4096
"""Characters; ours have about 600."""


def check_proof(proof: str, *, method: str, url: str, body: bytes, now: int) -> str:
    """The thumbprint of the key that made ``proof`` for exactly this request.

    The body's hash is compared before anything else. Raises ApiProblem ``bad_dpop``.
    """
    try:
        if len(proof) > LONGEST_PROOF:
            raise jws.InvalidJws("too long")
        unverified = jws.parse(proof)
        unverified_bh = unverified.unverified_payload.get("bh")
        if not _is_body_hash(unverified_bh, body):
            raise jws.InvalidJws("another body")
        unverified_jwk = unverified.unverified_header.get("jwk")
        if not isinstance(unverified_jwk, dict):
            raise jws.InvalidJws("no key")
        key = key_from_jwk(unverified_jwk)
        claims = jws.verify(unverified, typ=jws.Typ.DPOP, key=key)
    except ValueError:
        raise ApiProblem(Problem.BAD_DPOP) from None
    if (
        not matches("dpop", claims)
        or (claims["htm"], claims["htu"]) != (method, url)
        or abs(claims["iat"] - now) > IAT_TOLERANCE
    ):
        raise ApiProblem(Problem.BAD_DPOP)
    return thumbprint(unverified_jwk)


def _is_body_hash(unverified_bh: object, body: bytes) -> bool:
    if not isinstance(unverified_bh, str) or not unverified_bh.isascii():
        return False
    return hmac.compare_digest(unverified_bh, b64url_encode(sha256(body).digest()))
