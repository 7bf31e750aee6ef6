"""From a pinned anchor to a bundle that may be believed.

The checks are docs/formats.md, "When a client refuses a bundle", in this order.

A client knows one anchor from its set-up. It walks the root statements in the bundle from there,
and afterwards knows only what the last one says. What it has accepted before is a
:class:`TrustState`, beside the bundle that it holds; a bundle that contradicts them is rejected.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from hashlib import sha256
from typing import Any, Self

from schemas import jws
from schemas.bundle import BUNDLE_LIMIT, TrustBundle, check_keys, parse_bundle
from schemas.bundle_faults import BundleFault, BundleRejected, TrustWarning
from schemas.continuity import HeldBundle, LogMemory, check_continuity, follow_log
from schemas.encoding import b64url_encode
from schemas.hints import HintForm
from schemas.jwk import key_from_jwk
from schemas.log.entries import bundle_entry, split_carried
from schemas.log.faults import LogFault, LogRejected
from schemas.log.proofs import Proof, cosigners, in_log, parse_proof
from schemas.root_statements import Chain, RootStatement, walk_chain

_FAULTS = {
    LogFault.NOT_IN_LOG: BundleFault.NOT_IN_LOG,
    LogFault.NOT_COSIGNED: BundleFault.NOT_COSIGNED,
}


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

    ``chain`` is the digest of the root statements from the pinned one to that of ``root_version``;
    ``digest`` that of the bundle of ``version``; ``log`` the largest tree that was seen.
    ``log_replaced`` stays until a person has read it.
    """

    anchor: str
    pins: Pins | None = None
    sunset: int | None = None
    root_version: int = 0
    chain: str = ""
    version: int = 0
    digest: str = ""
    log: LogMemory | None = None
    log_replaced: bool = False


@dataclass(frozen=True)
class SignedBundle:
    """A bundle whose signatures and rules are right; of a log nothing is known."""

    jws: bytes
    payload: Mapping[str, Any]
    bundle: TrustBundle
    chain: Chain
    signer_exp: int

    @cached_property
    def digest(self) -> str:
        """What names the bundle: it is of the JWS alone, and the proof may be renewed."""
        return bundle_digest(self.jws)

    @cached_property
    def is_handed_over(self) -> bool:
        """False where the last statement changes what is watched, and no log before it says so.

        Raises BundleRejected for a proof that is none.
        """
        return _is_handed_over(self.chain, self.payload.get("handover"))


@dataclass(frozen=True)
class VerifiedBundle(SignedBundle):
    """One that is in the log, too; ``data`` is it as it was carried."""

    data: bytes
    proof: Proof

    @property
    def held(self) -> HeldBundle:
        """What the next bundle is compared with."""
        return HeldBundle.of(self.payload, self.jws, self.proof)


@dataclass(frozen=True)
class Accepted:
    """The bundle in force after one was offered, and all there is to remember of it.

    ``data`` is what to keep: where the offered one was older or the same, what was held before.
    ``log`` is the tree that the offered one shows, whether or not it could be compared.
    """

    bundle: TrustBundle
    data: bytes
    state: TrustState
    warnings: tuple[TrustWarning, ...] = ()
    log: LogMemory | None = field(default=None, compare=False)


def bundle_digest(data: bytes) -> str:
    """base64url(H(data)), 43 characters."""
    return b64url_encode(sha256(data).digest())


def read_bundle(data: bytes, *, anchor: str) -> VerifiedBundle:
    """Verify a bundle from the pinned anchor on, whatever the time and what was seen before.

    Raises BundleRejected.
    """
    if len(data) > BUNDLE_LIMIT:
        raise BundleRejected(BundleFault.TOO_LARGE)
    text, proof_text = _split(data)
    signed = read_signed(text, anchor=anchor)
    proof = _proof_of(bundle_entry(text), proof_text, signed.chain.last)
    verified = VerifiedBundle(
        text, signed.payload, signed.bundle, signed.chain, signed.signer_exp, data, proof
    )
    _ = verified.is_handed_over
    return verified


def read_signed(text: bytes, *, anchor: str) -> SignedBundle:
    """Verify the JWS of a bundle from the pinned anchor on, for whoever reads the log itself.

    Raises BundleRejected.
    """
    if len(text) > BUNDLE_LIMIT:
        raise BundleRejected(BundleFault.TOO_LARGE)
    unverified = _parse(text)
    delegations = unverified.unverified_payload.get("delegations")
    if not isinstance(delegations, list):
        raise BundleRejected(BundleFault.NOT_A_BUNDLE)
    chain = walk_chain(delegations, anchor=anchor)
    signer = _signer_of(unverified, chain.last)
    payload = _verified_payload(unverified, signer)
    bundle = parse_bundle(payload, sunset=chain.last.sunset)
    check_keys(bundle, roots=chain.last.roots.values(), signers=chain.last.signers.values())
    if not signer["nbf"] <= bundle.iat < signer["exp"]:
        raise BundleRejected(BundleFault.UNKNOWN_SIGNER)
    if chain.last.place.token_issuer != bundle.token_issuer:
        raise BundleRejected(BundleFault.NOT_IN_LOG)
    return SignedBundle(text, payload, bundle, chain, signer["exp"])


def leads_to(data: bytes, anchor: str, later: str) -> bool:
    """Whether a bundle leads from a pinned anchor to the anchor ``later``, in one chain."""
    statements = read_bundle(data, anchor=anchor).chain.statements
    return any(statement.anchor == later for statement in statements)


def accept_bundle(
    data: bytes,
    *,
    state: TrustState,
    now: int,
    held: bytes | None = None,
    leaves: Sequence[bytes] | None = None,
) -> Accepted:
    """Verify a bundle against all that is known; raises BundleRejected.

    ``held`` is the bundle in force as it was carried, None before the first. ``leaves`` are the
    hashes of all entries of the log, for a client that was away for so long that the proof does
    not reach back to what it remembers; without them it is warned.
    """
    offered = read_bundle(data, anchor=state.anchor)
    _check_pins(offered.bundle, state)
    _check_statements(offered, state)
    if held is not None and _is_older(offered, state):
        return Accepted(read_bundle(held, anchor=state.anchor).bundle, held, state)
    _check_time(offered, now)
    _check_version(offered, state)
    return _take(offered, held, state, leaves)


def _take(
    offered: VerifiedBundle,
    stored: bytes | None,
    state: TrustState,
    leaves: Sequence[bytes] | None,
) -> Accepted:
    """Compare with what was held; the state that is returned is the one to remember."""
    key, checkpoint = offered.chain.last.log, offered.proof.checkpoint
    held = None if stored is None else _stored(stored)
    shown = LogMemory.of(key, checkpoint)
    memory, is_known = shown, True
    repeated = _is_repeated(offered, held, state)
    if state.log is not None and state.log.key == key.text:
        memory, is_known = follow_log(offered.held, held, state.log, leaves)
        if held is not None and not repeated:
            check_continuity(offered.held.logged, held.logged)
    if stored is not None and held is not None and repeated:
        is_same = offered.held.entry == held.entry
        if not (is_same and held.proof.checkpoint.size < checkpoint.size):
            offered = read_bundle(stored, anchor=state.anchor)
    is_new = offered.chain.last.version > state.root_version
    unsaid = is_new and not offered.is_handed_over
    replaced = state.log_replaced or unsaid or _missed_a_log(offered.chain, state)
    following = replace(
        state,
        pins=Pins.of(offered.bundle),
        sunset=offered.bundle.sunset,
        root_version=offered.chain.last.version,
        chain=offered.chain.digest_at(offered.chain.last.version),
        version=offered.bundle.version,
        digest=offered.digest,
        log=memory,
        log_replaced=replaced,
    )
    warnings = _warnings(is_known, replaced)
    return Accepted(offered.bundle, offered.data, following, warnings, shown)


def _stored(data: bytes) -> HeldBundle | None:
    """What is held; None where it is damaged, so that a newer bundle can take its place."""
    try:
        return HeldBundle.of_stored(data)
    except (ValueError, LogRejected):
        return None


def _warnings(is_known: bool, replaced: bool) -> tuple[TrustWarning, ...]:
    unknown = () if is_known else (TrustWarning.CONTINUITY_UNKNOWN,)
    return unknown + ((TrustWarning.LOG_REPLACED,) if replaced else ())


def _split(data: bytes) -> tuple[bytes, str]:
    """A bundle and the text of its proof, which is empty where there is none."""
    try:
        return split_carried(data)
    except LogRejected:
        return data.strip(), ""


def _parse(text: bytes) -> jws.UnverifiedJws:
    try:
        return jws.parse(text.decode("ascii"))
    except ValueError:
        raise BundleRejected(BundleFault.NOT_A_BUNDLE) from None


def _signer_of(unverified: jws.UnverifiedJws, last: RootStatement) -> Mapping[str, Any]:
    """The key that the header names; a ``kid`` that is no text names none."""
    kid = unverified.unverified_header.get("kid")
    signer = last.signers.get(kid) if isinstance(kid, str) else None
    if signer is None:
        raise BundleRejected(BundleFault.UNKNOWN_SIGNER)
    return signer


def _verified_payload(unverified: jws.UnverifiedJws, signer: Mapping[str, Any]) -> dict[str, Any]:
    try:
        return jws.verify(unverified, typ=jws.Typ.TRUST, key=key_from_jwk(signer))
    except ValueError:
        raise BundleRejected(BundleFault.UNKNOWN_SIGNER) from None


def _proof_of(entry: bytes, text: str, statement: RootStatement) -> Proof:
    """The proof that an entry is in the log that a statement names, under its quorum."""
    try:
        proof = parse_proof(text)
        checkpoint = in_log(entry, proof, log_key=statement.log)
        signed = cosigners(proof, [witness.key for witness in statement.witnesses])
    except LogRejected as rejected:
        raise BundleRejected(_FAULTS[rejected.fault]) from None
    if signed < statement.quorum:
        raise BundleRejected(BundleFault.NOT_COSIGNED)
    if proof.tail.root_at(checkpoint.size) != checkpoint.root:
        raise BundleRejected(BundleFault.SPLIT_VIEW)
    return proof


def _is_handed_over(chain: Chain, handover: object) -> bool:
    """Whether the log before knows of a last statement that changes what is watched.

    Raises BundleRejected for a proof that is none.
    """
    before = chain.before
    if before is None or chain.last.is_watched_like(before):
        return True
    if not isinstance(handover, str):
        return False
    _proof_of(chain.last.entry, handover, before)
    return True


def _missed_a_log(chain: Chain, state: TrustState) -> bool:
    """Whether the log was replaced by a statement before the last: its proof is carried no more."""
    before = chain.before
    changed = state.log is not None and state.log.key != chain.last.log.text
    return changed and before is not None and before.log == chain.last.log


def _check_time(offered: VerifiedBundle, now: int) -> None:
    if now >= offered.signer_exp:
        raise BundleRejected(BundleFault.UNKNOWN_SIGNER)
    if now >= offered.bundle.exp:
        raise BundleRejected(BundleFault.EXPIRED)


def _check_pins(bundle: TrustBundle, state: TrustState) -> None:
    if state.pins is not None and Pins.of(bundle) != state.pins:
        raise BundleRejected(BundleFault.PIN_CHANGED)


def _check_statements(offered: VerifiedBundle, state: TrustState) -> None:
    """Statements that were seen must come again with the same payloads."""
    if offered.chain.last.version < state.root_version:
        raise BundleRejected(BundleFault.ROLLBACK)
    if state.root_version and offered.chain.digest_at(state.root_version) != state.chain:
        raise BundleRejected(BundleFault.SPLIT_VIEW)


def _is_older(offered: VerifiedBundle, state: TrustState) -> bool:
    """Whether it is of a lower version under the same statements: a host that lags behind."""
    same = offered.chain.last.version == state.root_version
    return same and offered.bundle.version < state.version


def _check_version(offered: VerifiedBundle, state: TrustState) -> None:
    if _is_older(offered, state):
        raise BundleRejected(BundleFault.ROLLBACK)


def _is_repeated(offered: VerifiedBundle, held: HeldBundle | None, state: TrustState) -> bool:
    """Whether it is the version that is held; raises BundleRejected for another payload.

    Another signature of the same payload alone is nothing. Where the bundle that was held is lost,
    only its digest can be compared.
    """
    if (offered.chain.last.version, offered.bundle.version) != (state.root_version, state.version):
        return False
    same = offered.digest == state.digest
    if held is not None:
        same = offered.payload == held.payload
    if not same:
        raise BundleRejected(BundleFault.SPLIT_VIEW)
    return True
