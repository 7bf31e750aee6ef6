"""A pass on paper: a compact JWT that says a status, a birthday and when it is good.

The claims are docs/formats.md, "A pass on paper".

It is about nobody in particular: all slips of one class are the same bytes, so it can be copied,
and whoever admits it must compare an ID with its birthday.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec

from schemas import jws
from schemas.jwk import key_from_jwk
from schemas.kinds import DAY
from schemas.validation import matches
from schemas.windows import Window

LONGEST_PAPER = 7 * DAY
"""Seconds from ``nbf`` to ``exp``; a JWT that is good for longer is not a pass."""

TEXT_LIMIT = 1024
"""Characters; the longest claims that the schema allows make 704 of them."""


@dataclass(frozen=True)
class PaperKey:
    """A key that signs paper passes, as a bundle lists it: a JWK, and when it counts."""

    kid: str
    jwk: Mapping[str, Any]
    window: Window

    @classmethod
    def of(cls, entry: Mapping[str, Any]) -> "PaperKey":
        """An entry of ``paper_keys``, whose shape has been checked."""
        return cls(entry["kid"], entry, Window(entry["nbf"], entry["exp"]))

    @cached_property
    def public_key(self) -> ec.EllipticCurvePublicKey:
        """Raises ValueError for coordinates that are no point on the curve."""
        return key_from_jwk(self.jwk)


@dataclass(frozen=True)
class PaperPass:
    """What a paper pass claims. ``holder`` is a birthday, ``MM-DD``; ``window`` at most 7 days."""

    iss: str
    status: str
    holder: str
    window: Window

    def claims(self) -> dict[str, Any]:
        """The payload, in the one order in which it is written."""
        return {
            "iss": self.iss,
            "nbf": self.window.nbf,
            "exp": self.window.exp,
            "status": self.status,
            "holder": self.holder,
        }


@dataclass(frozen=True)
class UnverifiedPaper:
    """A text that has the shape of a paper pass; whoever wrote it may have signed it or not."""

    unverified: jws.UnverifiedJws
    kid: str
    unverified_pass: PaperPass

    def is_signed_by(self, key: PaperKey) -> bool:
        """Whether ``alg``, ``typ`` and the signature are those of a paper pass under ``key``."""
        try:
            jws.verify(self.unverified, typ=jws.Typ.PAPER, key=key.public_key)
        except ValueError:
            return False
        return True


def parse_paper(text: str) -> UnverifiedPaper:
    """Cut a compact JWT; raises ValueError for a text that cannot be a paper pass.

    Unknown claims are ignored, as in the bundle: whoever signs could mark a slip in many ways.
    """
    if len(text) > TEXT_LIMIT:
        raise ValueError("not a paper pass")
    unverified = jws.parse(text)
    kid, claims = unverified.unverified_header.get("kid"), unverified.unverified_payload
    if not isinstance(kid, str) or not matches("paper-pass", claims):
        raise ValueError("not a paper pass")
    window = Window(claims["nbf"], claims["exp"])
    if not 0 < window.exp - window.nbf <= LONGEST_PAPER:
        raise ValueError("not a paper pass")
    claimed = PaperPass(claims["iss"], claims["status"], claims["holder"], window)
    return UnverifiedPaper(unverified, kid, claimed)
