"""Which pass a door sees, and the fresh proof that goes with it. Pure.

The bytes are docs/formats.md, "Showing a pass".

A venue that sees the same pass twice knows that it is the same wallet. So each venue gets a pass
of its own, and the last one is shown again only if its holder agrees, each time.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from schemas.errors import Refusal
from schemas.hours import begin_of, hour_at
from schemas.presentation import (
    KEY_PREFIX_BYTES,
    SLOT_SECONDS,
    UNBOUND,
    Presentation,
    format_presentation,
    join_proof,
    proof_message,
    slot_at,
)
from wallet_sim.passes.account import load_private_key
from wallet_sim.passes.issuance import device_point, pass_input
from wallet_sim.passes.state import (
    REUSE_SECONDS,
    Batch,
    Entitlement,
    Pass,
    PinnedAuthority,
    Wallet,
    is_recent,
    last_shown,
)

LONGEST_DELAY = 15
"""Seconds, at most, after the beginning of its half minute that a new proof is drawn.

Whole ones: the fraction is that of the moment at which somebody began to show the pass.
"""


class Denied(StrEnum):
    """Why no pass is shown."""

    NO_PASSES = "no_passes"
    LOST = "lost"
    MUST_AGREE = "must_agree"


class NotShown(Refusal[Denied]):
    """No pass is shown, and the wallet is as it was."""


@dataclass(frozen=True)
class Showing:
    """A choice. ``wallet`` is to be stored before anything is displayed.

    ``reused`` tells that somebody may have seen this pass before; ``remaining`` is how many passes
    of this window are still fresh.
    """

    wallet: Wallet
    authority: PinnedAuthority
    entitlement: Entitlement
    batch: Batch
    chosen: Pass
    reused: bool

    @property
    def remaining(self) -> int:
        return len(self.batch.fresh)


def choose(
    wallet: Wallet, *, now: int, again: bool, agreed: bool, below: Callable[[int], int]
) -> Showing:
    """The pass for this door; ``now`` is the corrected time.

    ``again`` asks for the pass that was shown in the last five minutes, ``agreed`` allows the last
    one of all to be shown again. Raises NotShown or NotActivated.
    """
    owner = wallet.activated()
    batch = wallet.batch_at(now)
    if batch is None or not batch.passes:
        raise NotShown(Denied.NO_PASSES if batch is None else Denied.LOST)
    last = last_shown(batch)
    if again and last is not None and is_recent(last.shown, now):
        return Showing(wallet, *owner, batch, last, reused=True)
    if batch.fresh:
        marked, chosen = _mark_fresh(batch, now, below)
        return Showing(wallet.with_batch(marked), *owner, marked, chosen, reused=False)
    if last is None or not agreed:
        raise NotShown(Denied.MUST_AGREE)
    return Showing(wallet, *owner, batch, last, reused=True)


def _mark_fresh(batch: Batch, now: int, below: Callable[[int], int]) -> tuple[Batch, Pass]:
    """Any of the fresh passes, at random, so that not even their order tells anything."""
    fresh = batch.fresh[below(len(batch.fresh))]
    chosen = replace(fresh, shown=now, delay=below(LONGEST_DELAY + 1))
    others = (item for item in batch.passes if item is not fresh)
    return replace(batch, passes=(*others, chosen)), chosen


def present(showing: Showing, *, now: int, bindings: Mapping[int, bytes] | None = None) -> str:
    """The QR text of a pass with the proof of :func:`shown_slot`; 592 characters.

    ``bindings`` are those of a check-in code by hour, 16 bytes each, without gaps; they have the
    hour of ``now``. Without them the pass works anywhere.
    """
    chosen, key_id = showing.chosen, showing.batch.key_id
    signed = pass_input(chosen.device_key, challenge=showing.authority.challenge, key_id=key_id)
    token = signed + chosen.signature
    slot, venue = _bound(shown_slot(showing, now), bindings)
    return format_presentation(
        Presentation(
            key_prefix=key_id[:KEY_PREFIX_BYTES],
            device=device_point(chosen.device_key),
            signature=chosen.signature,
            slot=slot,
            proof=_sign(chosen.device_key, proof_message(token=token, slot=slot, venue=venue)),
        )
    )


def _bound(slot: int, bindings: Mapping[int, bytes] | None) -> tuple[int, bytes]:
    """The half minute and what a proof of it is bound to: the hour in which it begins.

    No half minute before the code's first hour: a door has no binding for that.
    """
    if bindings is None:
        return slot, UNBOUND
    slot = max(slot, slot_at(begin_of(min(bindings))))
    return slot, bindings[hour_at(slot * SLOT_SECONDS)]


def shown_slot(showing: Showing, now: int) -> int:
    """The half minute of the proof on the screen at ``now``: the one before, during the delay.

    A door takes it all the same: it allows two half minutes either way.
    """
    return slot_at(now - showing.chosen.delay)


def seconds_left(showing: Showing, now: int) -> int:
    """Until the next proof is drawn: 1 to 30."""
    return SLOT_SECONDS - (now - showing.chosen.delay) % SLOT_SECONDS


def last_moment(showing: Showing, *, now: int) -> int:
    """When a pass goes from the screen: after its five minutes, or when doors take it no longer."""
    shown = showing.chosen.shown
    begun = shown if shown is not None and is_recent(shown, now) else now
    return min(begun + REUSE_SECONDS, showing.batch.ends)


def _sign(device_key: bytes, message: bytes) -> bytes:
    """ECDSA P-256 with SHA-256, 64 bytes."""
    signature = load_private_key(device_key).sign(message, ec.ECDSA(hashes.SHA256()))
    return join_proof(*decode_dss_signature(signature))
