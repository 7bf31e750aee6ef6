"""The decision at the door: text, bundle, policy and time in; a verdict out.

The steps are docs/formats.md, "Deciding at the door" and "Paper at the door".

Nothing here reads a file, a network or a clock, and nothing is remembered but what ``seen`` holds.
The steps have the numbers of the specification.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256, sha384

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, encode_dss_signature

from schemas.bundle import CLOCK_TOLERANCE, PassKey, TrustBundle, VenuePolicy
from schemas.hints import Holder
from schemas.jwk import key_from_point
from schemas.kinds import HOUR
from schemas.paper import PaperKey, UnverifiedPaper, parse_paper
from schemas.presentation import (
    PREFIX,
    SLOT_SECONDS,
    SLOT_TOLERANCE,
    UNBOUND,
    VENUE_BYTES,
    Presentation,
    has_low_s,
    parse_presentation,
    proof_message,
    slot_at,
)
from schemas.refusals import Reason, Refused
from schemas.token import SALT_BYTES, token_input
from schemas.windows import Window
from verifier.door.seen import SeenSet

_PSS = padding.PSS(padding.MGF1(hashes.SHA384()), SALT_BYTES)
_HASHED_384 = Prehashed(hashes.SHA384())
_HASHED_ES256 = ec.ECDSA(Prehashed(hashes.SHA256()))
"""Hashing with hashlib is faster than to have it done inside the check: 2 of 115 µs."""


@dataclass(frozen=True)
class Verdict:
    """ADMIT. ``holder`` is what the pass says about a birthday, ``"03"``, ``"03-17"`` or None.

    ``asks_hint`` tells staff to compare an ID with it, as they must for a pass on ``paper``.
    """

    status: str
    holder: Holder
    asks_hint: bool
    paper: bool = False


@dataclass(frozen=True)
class Venue:
    """A venue that shows a check-in code: its binding (16 bytes) for each hour since 1970.

    Where it is ``strict``, only passes bound to it are admitted.
    """

    bindings: Mapping[int, bytes] = field(repr=False)
    strict: bool = False

    def __post_init__(self) -> None:
        if any(len(b) != VENUE_BYTES or b == UNBOUND for b in self.bindings.values()):
            raise ValueError(f"a binding is {VENUE_BYTES} bytes that are not all zero")


def verify(
    text: str,
    *,
    bundle: TrustBundle | None,
    policy: VenuePolicy | None,
    now: int,
    venue: Venue | None = None,
    seen: SeenSet | None = None,
) -> Verdict:
    """Decide on the text of a code; raises Refused with a reason of the closed list.

    ``bundle`` None means that the device has none; it has no ``policy`` then either. ``now`` is in
    Unix seconds. An admitted pass is added to ``seen``, a refused one never.
    """
    code = _parse(text)  # 1
    bundle = check_bundle(bundle, now)  # 2
    if isinstance(code, UnverifiedPaper):
        return _verify_paper(code, bundle, policy, now)
    return _verify_shown(code, bundle, policy, now, venue, seen)


def _verify_shown(
    presentation: Presentation,
    bundle: TrustBundle,
    policy: VenuePolicy | None,
    now: int,
    venue: Venue | None,
    seen: SeenSet | None,
) -> Verdict:
    """A phone's pass."""
    key = _find_key(presentation, bundle, now)  # 3
    _check_window(key.window, now)  # 4
    token = _check_signature(presentation, key, bundle)  # 5
    _check_proof(presentation, token, venue)  # 6
    _check_slot(presentation.slot, now)  # 7
    fingerprint = presentation.fingerprint
    _check_not_seen(fingerprint, seen, now)  # 8
    policy = _check_policy(key.status, policy)  # 9
    _check_not_specimen(bundle)  # 10
    if seen is not None:
        seen.add(fingerprint, now=now)
    return Verdict(key.status, key.holder, policy.asks_hint and key.holder is not None)


def _verify_paper(
    paper: UnverifiedPaper, bundle: TrustBundle, policy: VenuePolicy | None, now: int
) -> Verdict:
    """A pass on paper proves nothing about who holds it, so the ID check is no venue's choice.

    Steps 6 to 8 ask for what paper cannot do, also where only bound proofs are admitted.
    """
    key = _find_paper_key(paper, bundle)  # 3
    claimed = paper.unverified_pass
    _check_window(claimed.window, now)  # 4
    _check_window(key.window, now)  # 4
    _check_paper_signature(paper, key, bundle)  # 5
    _check_policy(claimed.status, policy)  # 9
    _check_not_specimen(bundle)  # 10
    return Verdict(claimed.status, claimed.holder, asks_hint=True, paper=True)


def _parse(text: str) -> Presentation | UnverifiedPaper:
    """Step 1. Scanners end a line with CR, LF or both; nothing else is forgiven.

    A phone's code begins with its prefix, which has a letter that no JWT has.
    """
    line = text.removesuffix("\n").removesuffix("\r")
    try:
        return parse_presentation(line) if line.startswith(PREFIX) else parse_paper(line)
    except ValueError:
        raise Refused(Reason.NOT_A_PASS) from None


def check_bundle(bundle: TrustBundle | None, now: int) -> TrustBundle:
    """Step 2. The sunset goes before the expiry: past it no newer bundle will ever come."""
    if bundle is None:
        raise Refused(Reason.NO_BUNDLE)
    if now >= bundle.sunset:
        raise Refused(Reason.SUNSET)
    if now >= bundle.exp:
        raise Refused(Reason.BUNDLE_EXPIRED)
    if now < bundle.iat - CLOCK_TOLERANCE:
        raise Refused(Reason.CLOCK_BEHIND, seconds=bundle.iat - now)
    return bundle


def _find_key(presentation: Presentation, bundle: TrustBundle, now: int) -> PassKey:
    """Step 3. The bundle has no two ids, retired ones included, with the same first four bytes.

    A key that was withdrawn with a time ahead counts beside its replacement until then.
    """
    if presentation.key_prefix not in bundle.by_prefix:
        raise Refused(Reason.UNKNOWN_KEY)
    key = bundle.by_prefix[presentation.key_prefix]
    if key is None or bundle.is_retired(key.id, now):
        raise Refused(Reason.KEY_RETIRED)
    return key


def _find_paper_key(paper: UnverifiedPaper, bundle: TrustBundle) -> PaperKey:
    """Step 3. Only keys listed for paper are looked at, whatever else a text names."""
    key = bundle.paper_by_kid.get(paper.kid)
    if key is None:
        raise Refused(Reason.UNKNOWN_KEY)
    return key


def _check_window(window: Window, now: int) -> None:
    """Step 4. No tolerance: windows are long and the same for everyone.

    On paper both must be in force: a key that is over makes no old slip good, and none that claims
    days to come.
    """
    if now < window.nbf:
        raise Refused(Reason.NOT_YET_VALID)
    if now >= window.exp:
        raise Refused(Reason.EXPIRED)


def _check_signature(presentation: Presentation, key: PassKey, bundle: TrustBundle) -> bytes:
    """Step 5: the token of 354 bytes. Its input is made here, so a holder can choose none of it."""
    signed = token_input(nonce=presentation.device.nonce, challenge=bundle.challenge, key_id=key.id)
    try:
        key.public_key.verify(presentation.signature, sha384(signed).digest(), _PSS, _HASHED_384)
    except InvalidSignature:
        raise Refused(Reason.BAD_SIGNATURE) from None
    return signed + presentation.signature


def _check_paper_signature(paper: UnverifiedPaper, key: PaperKey, bundle: TrustBundle) -> None:
    """Step 5, ``alg``, ``typ`` and ``iss`` included: they say whose signature it is, on what."""
    if paper.unverified_pass.iss != bundle.iss or not paper.is_signed_by(key):
        raise Refused(Reason.BAD_SIGNATURE)


def _check_proof(presentation: Presentation, token: bytes, venue: Venue | None) -> None:
    """Step 6. The point is checked here: its coordinates are signed, but blind, so unchecked."""
    if not has_low_s(presentation.proof):
        raise Refused(Reason.BAD_PROOF)
    try:
        device = key_from_point(presentation.device.x, presentation.device.y)
    except ValueError:
        raise Refused(Reason.BAD_PROOF) from None
    binding = _binding(presentation.slot, venue)
    strict = venue is not None and venue.strict
    if not strict and _proves(device, presentation, token, UNBOUND):
        return
    if binding is not None and _proves(device, presentation, token, binding):
        return
    if strict and _proves(device, presentation, token, UNBOUND):
        raise Refused(Reason.NOT_BOUND)
    raise Refused(Reason.BAD_PROOF)


def _binding(slot: int, venue: Venue | None) -> bytes | None:
    return venue.bindings.get(slot * SLOT_SECONDS // HOUR) if venue is not None else None


def _proves(
    device: ec.EllipticCurvePublicKey, presentation: Presentation, token: bytes, binding: bytes
) -> bool:
    r, s = presentation.proof[:32], presentation.proof[32:]
    signature = encode_dss_signature(int.from_bytes(r, "big"), int.from_bytes(s, "big"))
    message = proof_message(token=token, slot=presentation.slot, venue=binding)
    try:
        device.verify(signature, sha256(message).digest(), _HASHED_ES256)
    except InvalidSignature:
        return False
    return True


def _check_slot(slot: int, now: int) -> None:
    """Step 7. The difference is named in whole slots, because a code tells no more than that."""
    ahead = slot - slot_at(now)
    if ahead < -SLOT_TOLERANCE:
        raise Refused(Reason.STALE, seconds=-ahead * SLOT_SECONDS)
    if ahead > SLOT_TOLERANCE:
        raise Refused(Reason.FROM_THE_FUTURE, seconds=ahead * SLOT_SECONDS)


def _check_not_seen(fingerprint: bytes, seen: SeenSet | None, now: int) -> None:
    """Step 8."""
    if seen is None:
        return
    seconds = seen.seconds_since(fingerprint, now=now)
    if seconds is not None:
        raise Refused(Reason.ALREADY_SHOWN, seconds=seconds)


def _check_policy(status: str, policy: VenuePolicy | None) -> VenuePolicy:
    """Step 9. No policy admits nobody."""
    if policy is None or status not in policy.admit:
        raise Refused(Reason.STATUS_NOT_ADMITTED)
    return policy


def _check_not_specimen(bundle: TrustBundle) -> None:
    """Step 10. Last, so that SPECIMEN means that all else is right and staff can practise."""
    if bundle.specimen:
        raise Refused(Reason.SPECIMEN)
