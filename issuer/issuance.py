"""Blind signing: a batch of blinded messages becomes blind signatures, once.

Checks and arithmetic are docs/formats.md, "Fetching passes" and "Blinding".
"""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from issuer.entitlement import EntitlementClaims
from issuer.keys.rawrsa import RawKey, SigningFailed
from issuer.perishable.store import Transaction
from issuer.registration.withdrawals import withdrawn_until
from schemas.bundle import PassKey, TrustBundle
from schemas.encoding import b64url_decode, b64url_encode
from schemas.kinds import DAY, GRACE_AFTER_WINDOW, STORED_KINDS, Kind
from schemas.problems import ApiProblem, Problem
from schemas.token import MODULUS_BYTES
from schemas.windows import Calendar


@dataclass(frozen=True, repr=False)
class BatchRequest:
    """What one wallet asks for under one key: ``batch_size`` values of 256 bytes."""

    key: PassKey
    blinded: tuple[bytes, ...]

    @property
    def digest(self) -> bytes:
        return sha256(b"".join(self.blinded)).digest()


def own_keys(
    requested: Sequence[dict[str, Any]],
    *,
    entitlement: EntitlementClaims,
    bundle: TrustBundle,
    calendar: Calendar,
    now: int,
) -> list[PassKey]:
    """The keys asked for, once each is the entitlement's own and of the current or next window.

    Raises ApiProblem ``wrong_key`` or ``entitlement_expired``.
    """
    current = calendar.window_at(now)
    windows = (current, calendar.next_window(current))
    keys = [_listed_key(bundle, entry["key_id"]) for entry in requested]
    own = [
        key
        for key in keys
        if key is not None
        and (key.status, key.holder) == (entitlement.status, entitlement.holder)
        and key.window in windows
    ]
    if len(own) != len(keys):
        raise ApiProblem(Problem.WRONG_KEY)
    if now >= entitlement.until or any(key.window.nbf >= entitlement.until for key in own):
        raise ApiProblem(Problem.ENTITLEMENT_EXPIRED)
    return own


def _listed_key(bundle: TrustBundle, key_id: str) -> PassKey | None:
    try:
        return bundle.by_id.get(b64url_decode(key_id))
    except ValueError:
        return None


def check_standing(tx: Transaction, entitlement: EntitlementClaims) -> None:
    """Raise ApiProblem ``withdrawn`` or ``ended`` when nothing may be issued any more."""
    if withdrawn_until(tx, entitlement.rid) is not None:
        raise ApiProblem(Problem.WITHDRAWN)
    if ended_until(tx, entitlement) is not None:
        raise ApiProblem(Problem.ENDED)


def ended_until(tx: Transaction, entitlement: EntitlementClaims) -> int | None:
    """When the mark dies that its owner ended the entitlement; None when there is none."""
    return tx.expiry(Kind.ENDED, entitlement.jti.encode(), expires=entitlement.until)


def parse_batch(key: PassKey, values: Sequence[str], *, size: int) -> BatchRequest:
    """Exactly ``size`` distinct values of 256 bytes, each above 1 and below n - 1.

    Raises ApiProblem ``bad_batch``.
    """
    try:
        blinded = tuple(b64url_decode(value) for value in values)
    except ValueError:
        raise ApiProblem(Problem.BAD_BATCH) from None
    n = int.from_bytes(key.modulus, "big")
    if (
        len(blinded) != size
        or len(set(blinded)) != size
        or any(len(value) != MODULUS_BYTES for value in blinded)
        or not all(1 < int.from_bytes(value, "big") < n - 1 for value in blinded)
    ):
        raise ApiProblem(Problem.BAD_BATCH)
    return BatchRequest(key, blinded)


def take_batches(
    tx: Transaction, batches: Sequence[BatchRequest], *, entitlement: EntitlementClaims, now: int
) -> None:
    """Leave the marker of each batch, to be committed before its first signature.

    A batch that is there already is the same one again, or ApiProblem ``batch_already_issued``.
    """
    fresh = 0
    for batch in batches:
        identifier = batch_identifier(entitlement, batch.key.id)
        expires = batch.key.window.exp + GRACE_AFTER_WINDOW
        before = tx.get(Kind.BATCH, identifier, expires=expires)
        if before is None:
            tx.put(Kind.BATCH, identifier, batch.digest, expires=expires)
            fresh += len(batch.blinded)
        elif before != batch.digest:
            raise ApiProblem(Problem.BATCH_ALREADY_ISSUED)
    if fresh:
        _count(tx, entitlement.status, fresh, now)


def sign_batch(batch: BatchRequest, key: RawKey) -> list[str]:
    """One blind signature for each value (RFC 9474 section 4.3); raises ApiProblem ``failed``."""
    try:
        return [b64url_encode(key.sign_raw(value)) for value in batch.blinded]
    except SigningFailed:
        raise ApiProblem(Problem.FAILED) from None


def batch_identifier(entitlement: EntitlementClaims, key_id: bytes) -> bytes:
    return entitlement.jti.encode() + b"\0" + key_id


def count_identifier(day: int, status: str) -> bytes:
    """``day`` counts days since 1970, UTC."""
    return f"{day}\0{status}".encode()


def issued_on(tx: Transaction, day: int, status: str) -> int:
    """How many passes of ``status`` were issued on ``day``; shown to people only rounded."""
    counted = tx.get(Kind.COUNT, count_identifier(day, status), expires=_count_dies(day))
    return int.from_bytes(counted or b"", "big")


def _count(tx: Transaction, status: str, passes: int, now: int) -> None:
    day = now // DAY
    total = issued_on(tx, day, status) + passes
    identifier = count_identifier(day, status)
    tx.put(Kind.COUNT, identifier, total.to_bytes(8, "big"), expires=_count_dies(day))


def _count_dies(day: int) -> int:
    return day * DAY + STORED_KINDS[Kind.COUNT].period
