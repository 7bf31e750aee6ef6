"""From a pinned root to a bundle that may be believed.

The checks are docs/formats.md, "When a client refuses a bundle", in this order.

A client knows one thumbprint from its set-up. It walks the root statements in the bundle from
there, and afterwards knows only the roots and signers of the last one. What it has accepted before
is a :class:`TrustState`; a bundle that contradicts it is rejected.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any, Self

from schemas import jws
from schemas.bundle import BUNDLE_LIMIT, TrustBundle, parse_bundle
from schemas.bundle_faults import BundleFault, BundleRejected
from schemas.encoding import b64url_encode
from schemas.hints import HintForm
from schemas.jwk import key_from_jwk, thumbprint
from schemas.kinds import DAY
from schemas.validation import matches

LONGEST_DELEGATION = 35 * DAY


@dataclass(frozen=True)
class RootStatement:
    """What a root key signs: which roots come next and who signs bundles. JWKs by thumbprint."""

    version: int
    roots: Mapping[str, Mapping[str, Any]]
    signers: Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Pins:
    """What no bundle may change after set-up."""

    iss: str
    token_issuer: str
    specimen: bool
    batch_size: int
    hint: HintForm

    @classmethod
    def of(cls, bundle: TrustBundle) -> Self:
        return cls(bundle.iss, bundle.token_issuer, bundle.specimen, bundle.batch_size, bundle.hint)


@dataclass(frozen=True)
class TrustState:
    """What a client remembers: its pin, what it pinned with the first bundle, and how far it saw.

    ``root`` is an RFC 7638 thumbprint; ``chain`` the digest of the root statements up to
    ``root_version``; ``digest`` that of the bundle of ``version``.
    """

    root: str
    pins: Pins | None = None
    sunset: int | None = None
    root_version: int = 0
    chain: str = ""
    version: int = 0
    digest: str = ""


@dataclass(frozen=True)
class VerifiedBundle:
    """A bundle whose signatures and rules are right, and where it stands in history."""

    bundle: TrustBundle
    delegations: tuple[str, ...]
    root_version: int
    signer_exp: int
    digest: str


def bundle_digest(data: bytes) -> str:
    """base64url(H(body)), which is also the ETag."""
    return b64url_encode(sha256(data).digest())


def read_bundle(data: bytes, *, root: str) -> VerifiedBundle:
    """Verify a bundle from the pinned ``root`` on, whatever the time and what was seen before.

    Raises BundleRejected.
    """
    unverified = _parse(data)
    delegations = unverified.unverified_payload.get("delegations")
    if not isinstance(delegations, list) or not all(isinstance(d, str) for d in delegations):
        raise BundleRejected(BundleFault.NOT_A_BUNDLE)
    last = walk_chain(delegations, root=root)
    signer = _named(unverified, last.signers)
    if signer is None:
        raise BundleRejected(BundleFault.UNKNOWN_SIGNER)
    try:
        payload = jws.verify(unverified, typ=jws.Typ.TRUST, key=key_from_jwk(signer))
    except ValueError:
        raise BundleRejected(BundleFault.UNKNOWN_SIGNER) from None
    bundle = parse_bundle(payload)
    if not signer["nbf"] <= bundle.iat < signer["exp"]:
        raise BundleRejected(BundleFault.UNKNOWN_SIGNER)
    return VerifiedBundle(
        bundle, tuple(delegations), last.version, signer["exp"], bundle_digest(data)
    )


def accept_bundle(data: bytes, *, state: TrustState, now: int) -> tuple[TrustBundle, TrustState]:
    """Verify a new bundle against all that is known; raises BundleRejected.

    The state that is returned is the one to remember.
    """
    verified = read_bundle(data, root=state.root)
    bundle = verified.bundle
    if now >= verified.signer_exp:
        raise BundleRejected(BundleFault.UNKNOWN_SIGNER)
    if now >= bundle.exp:
        raise BundleRejected(BundleFault.EXPIRED)
    _check_pins(bundle, state)
    _check_history(verified, state)
    return bundle, replace(
        state,
        pins=Pins.of(bundle),
        sunset=bundle.sunset,
        root_version=verified.root_version,
        chain=_chain_digest(verified.delegations),
        version=bundle.version,
        digest=verified.digest,
    )


def walk_chain(delegations: Sequence[str], *, root: str) -> RootStatement:
    """The last of the root statements, each verified by the one before; raises BundleRejected.

    The first is signed by the pinned root and lists it.
    """
    if not delegations:
        raise BundleRejected(BundleFault.BROKEN_CHAIN)
    current = _first_statement(delegations[0], root)
    for text in delegations[1:]:
        following = _verify_statement(text, current.roots, BundleFault.BROKEN_CHAIN)
        if following.version != current.version + 1:
            raise BundleRejected(BundleFault.BROKEN_CHAIN)
        current = following
    return current


def _parse(data: bytes) -> jws.UnverifiedJws:
    if len(data) > BUNDLE_LIMIT:
        raise BundleRejected(BundleFault.TOO_LARGE)
    try:
        return jws.parse(data.decode("ascii"))
    except ValueError:
        raise BundleRejected(BundleFault.NOT_A_BUNDLE) from None


def _first_statement(text: str, root: str) -> RootStatement:
    """The pinned root is only a thumbprint, so its key is taken from the statement it signs."""
    statement = _parse_statement(_parse_jws(text).unverified_payload)
    if root not in statement.roots:
        raise BundleRejected(BundleFault.UNKNOWN_ROOT)
    pinned = {root: statement.roots[root]}
    return _verify_statement(text, pinned, BundleFault.UNKNOWN_ROOT)


def _verify_statement(
    text: str, roots: Mapping[str, Mapping[str, Any]], fault: BundleFault
) -> RootStatement:
    unverified = _parse_jws(text)
    root = _named(unverified, roots)
    if root is None:
        raise BundleRejected(fault)
    try:
        payload = jws.verify(unverified, typ=jws.Typ.ROOT, key=key_from_jwk(root))
    except ValueError:
        raise BundleRejected(fault) from None
    return _parse_statement(payload)


def _named(
    unverified: jws.UnverifiedJws, keys: Mapping[str, Mapping[str, Any]]
) -> Mapping[str, Any] | None:
    """The key that the header names; a ``kid`` that is no text names none."""
    kid = unverified.unverified_header.get("kid")
    return keys.get(kid) if isinstance(kid, str) else None


def _parse_jws(text: str) -> jws.UnverifiedJws:
    try:
        return jws.parse(text)
    except ValueError:
        raise BundleRejected(BundleFault.BROKEN_CHAIN) from None


def _parse_statement(payload: Mapping[str, Any]) -> RootStatement:
    if not matches("root-statement", payload):
        raise BundleRejected(BundleFault.BROKEN_CHAIN)
    if any(not 0 < s["exp"] - s["nbf"] <= LONGEST_DELEGATION for s in payload["signers"]):
        raise BundleRejected(BundleFault.BROKEN_CHAIN)
    return RootStatement(
        payload["version"],
        {thumbprint(jwk): jwk for jwk in payload["roots"]},
        {thumbprint(jwk): jwk for jwk in payload["signers"]},
    )


def _check_pins(bundle: TrustBundle, state: TrustState) -> None:
    if state.pins is not None and Pins.of(bundle) != state.pins:
        raise BundleRejected(BundleFault.PIN_CHANGED)
    if state.sunset is not None and bundle.sunset > state.sunset:
        raise BundleRejected(BundleFault.SUNSET_LATER)


def _check_history(verified: VerifiedBundle, state: TrustState) -> None:
    """A later root statement starts the versions anew, but must continue the chain already seen."""
    seen, version = state.root_version, verified.bundle.version
    if verified.root_version < seen:
        raise BundleRejected(BundleFault.ROLLBACK)
    if seen:
        first = verified.root_version - len(verified.delegations) + 1
        if _chain_digest(verified.delegations[: seen - first + 1]) != state.chain:
            raise BundleRejected(BundleFault.SPLIT_VIEW)
    if verified.root_version == seen:
        if version < state.version:
            raise BundleRejected(BundleFault.ROLLBACK)
        if version == state.version and verified.digest != state.digest:
            raise BundleRejected(BundleFault.SPLIT_VIEW)


def _chain_digest(delegations: Sequence[str]) -> str:
    return bundle_digest(".".join(delegations).encode("ascii"))
