"""Activation: a code becomes an entitlement that the wallet keeps and the issuer does not.

After it the issuer holds no result and no identity, only for ten minutes what it needs to answer a
wallet whose answer was lost (docs/formats.md, "From a slip to an entitlement").
"""

import hmac
import json
import os
from dataclasses import dataclass
from typing import Any

from issuer.keys.keyring import SigningKey
from issuer.perishable.store import Transaction
from issuer.registration.codes import Grant, code_identifier
from schemas import jws
from schemas.codec import from_json, to_json
from schemas.encoding import b64url_encode
from schemas.hints import Holder
from schemas.kinds import STORED_KINDS, Kind
from schemas.problems import ApiProblem, Problem
from schemas.validation import matches

JTI_BYTES = 16

_HEADER_AND_SIGNATURE = 300
"""Characters of a header with a thumbprint, a signature, and what is between them; about 240."""


@dataclass(frozen=True, repr=False)
class EntitlementClaims:
    """The claims of an entitlement. ``jkt`` is its wallet key's thumbprint, ``until`` its end."""

    jti: str
    jkt: str
    status: str
    holder: Holder
    rid: str
    until: int


_LONGEST = EntitlementClaims(
    jti="j" * 22, jkt="k" * 43, status="s" * 32, holder="12-31", rid="r" * 43, until=9_999_999_999
)
"""The longest that the schema of an entitlement allows; its time is one of the next 250 years."""


def activate(tx: Transaction, *, code: str, jkt: str, now: int) -> EntitlementClaims:
    """Choose all claims once, in the transaction that uses the code up.

    The same wallet key gets the same claims again for ten minutes. Raises ApiProblem ``code_used``
    for another key, ``code_unknown`` for a code that never was or is over.
    """
    identifier = code_identifier(code)
    payload = tx.get(Kind.CODE, identifier)
    if payload is None:
        return _activated_before(tx, identifier, jkt)
    grant = from_json(Grant, payload)
    jti = b64url_encode(os.urandom(JTI_BYTES))
    entitlement = EntitlementClaims(jti, jkt, grant.status, grant.holder, grant.rid, grant.until)
    tx.delete(Kind.CODE, identifier)
    expires = now + STORED_KINDS[Kind.ACTIVATION].period
    tx.put(Kind.ACTIVATION, identifier, to_json(entitlement), expires=expires)
    return entitlement


def sign_entitlement(entitlement: EntitlementClaims, *, key: SigningKey, url: str) -> str:
    """The JWT that the wallet keeps. There is no ``iat``: it would name the laboratory's row.

    Spaces make it as long as any of this issuer: each fetch sends it, and its length would tell the
    status to whoever listens under TLS.
    """
    body = _payload(
        entitlement, url, pad=" " * (_length(_LONGEST, url) - _length(entitlement, url))
    )
    return key.sign_bytes(body)


def entitlement_length(url: str) -> int:
    """Characters that no entitlement of the issuer at ``url`` exceeds."""
    return 4 * _length(_LONGEST, url) // 3 + _HEADER_AND_SIGNATURE


def _length(entitlement: EntitlementClaims, url: str) -> int:
    return len(_payload(entitlement, url, pad=""))


def _payload(entitlement: EntitlementClaims, url: str, *, pad: str) -> bytes:
    claims = _claims(entitlement, url) | {"pad": pad}
    return json.dumps(claims, separators=(",", ":"), ensure_ascii=False).encode("utf-8")


def _claims(entitlement: EntitlementClaims, url: str) -> dict[str, Any]:
    return {
        "iss": url,
        "aud": url,
        "cnf": {"jkt": entitlement.jkt},
        "jti": entitlement.jti,
        "status": entitlement.status,
        "holder": entitlement.holder,
        "rid": entitlement.rid,
        "exp": entitlement.until,
    }


def verify_entitlement(text: str, *, key: SigningKey, url: str, jkt: str) -> EntitlementClaims:
    """The claims of an entitlement shown by the wallet whose key has the thumbprint ``jkt``.

    Whether it has ended is for the caller. Raises ApiProblem ``not_allowed``.
    """
    try:
        claims = jws.verify(jws.parse(text), typ=jws.Typ.ENTITLEMENT, key=key.private.public_key())
    except jws.InvalidJws:
        raise ApiProblem(Problem.NOT_ALLOWED) from None
    if not matches("entitlement", claims) or not claims["iss"] == claims["aud"] == url:
        raise ApiProblem(Problem.NOT_ALLOWED)
    if not hmac.compare_digest(claims["cnf"]["jkt"], jkt):
        raise ApiProblem(Problem.NOT_ALLOWED)
    return EntitlementClaims(
        claims["jti"], jkt, claims["status"], claims["holder"], claims["rid"], claims["exp"]
    )


def _activated_before(tx: Transaction, identifier: bytes, jkt: str) -> EntitlementClaims:
    payload = tx.get(Kind.ACTIVATION, identifier)
    if payload is None:
        raise ApiProblem(Problem.CODE_UNKNOWN)
    entitlement = from_json(EntitlementClaims, payload)
    if not hmac.compare_digest(entitlement.jkt, jkt):
        raise ApiProblem(Problem.CODE_USED)
    return entitlement
