"""What a wallet holds, as values, and when each part of it dies.

The periods are docs/data-map.md, "Everything else".

All times are Unix seconds. Private keys are the 32-byte scalars of P-256 keys. Values that hold
secrets never print them.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Self

from schemas.bundle_faults import TrustWarning
from schemas.errors import QupiaError
from schemas.hints import Holder
from schemas.kinds import MINUTE, STORED_KINDS, Kind
from schemas.token import challenge_digest
from schemas.trust import Pins, TrustState
from schemas.windows import Window

REUSE_SECONDS = 5 * MINUTE
"""Seconds in which a pass can be shown again at the same door; then it is deleted."""

LONGEST_QUIET = 11 * MINUTE
"""Seconds: ten minutes, to the end of a whole one."""

CODE_SECONDS = STORED_KINDS[Kind.CODE].period
"""No activation code lives longer, so neither does one that waits for an answer."""


class NotActivated(QupiaError):
    """The wallet holds no entitlement, so it can neither fetch nor show a pass.

    Or it has no authority yet, so there is no issuer to ask.
    """


@dataclass(frozen=True)
class Names:
    """A status in three languages."""

    kk: str
    ru: str
    en: str


@dataclass(frozen=True)
class PinnedAuthority:
    """Whom this wallet trusts; ``bundle`` is the last trust bundle as it came, with its proof.

    ``pins`` are those of its first bundle; an authority is not stored before it. ``unsure`` stays
    from a bundle under which the log may have lost something until a person has read that.
    """

    issuer: str
    trust: TrustState
    bundle: str = ""
    unsure: bool = False

    @property
    def unread(self) -> tuple[TrustWarning, ...]:
        """What a person is to be told of it, and has not read yet."""
        unsure = (TrustWarning.CONTINUITY_UNKNOWN,) if self.unsure else ()
        return unsure + ((TrustWarning.LOG_REPLACED,) if self.trust.log_replaced else ())

    @property
    def pins(self) -> Pins:
        if self.trust.pins is None:
            raise ValueError("no bundle of this authority was accepted yet")
        return self.trust.pins

    @property
    def challenge(self) -> bytes:
        """H(TokenChallenge) of every pass of this authority, 32 bytes."""
        return challenge_digest(self.pins.token_issuer)


@dataclass(frozen=True, repr=False)
class Activating:
    """A code that was sent, and the account key that goes with it, until the answer is here."""

    issuer: str
    code: str
    account_key: bytes
    since: int


@dataclass(frozen=True, repr=False)
class Entitlement:
    """The right to passes of one status and hint; ``token`` is shown to the issuer only."""

    token: str
    account_key: bytes
    status: str
    name: Names
    holder: Holder
    until: int


@dataclass(frozen=True, repr=False)
class Pass:
    """A finished pass; ``shown`` is when it was first displayed, None while it is fresh.

    ``delay`` is how many seconds after its half minute began a proof of it is drawn: once chosen it
    is kept, so that the moment at which a code changes does not show a phone's clock.
    """

    device_key: bytes
    signature: bytes
    shown: int | None = None
    delay: int = 0


class BatchFault(StrEnum):
    """Why there are no passes for a window although the issuer counts them as issued."""

    BAD_ANSWER = "bad_answer"
    ALREADY_ISSUED = "already_issued"


@dataclass(frozen=True)
class Batch:
    """What is left of the passes of one window; none at all when there was a fault.

    Passes that were shown stand in the order of their first display. Where their key was withdrawn,
    doors take them until ``retires``. ``came`` is when they came, to ten minutes, where that was
    within their own window: whoever shows one soon after can be told by the time.
    """

    key_id: bytes
    window: Window
    passes: tuple[Pass, ...]
    fault: BatchFault | None = None
    retires: int | None = None
    came: int | None = None

    @property
    def ends(self) -> int:
        """Until when doors take its passes."""
        return self.window.exp if self.retires is None else min(self.window.exp, self.retires)

    def is_over(self, now: int) -> bool:
        """Whether no door takes its passes any more."""
        return now >= self.ends

    @property
    def fresh(self) -> tuple[Pass, ...]:
        """The passes that nobody has seen."""
        return tuple(item for item in self.passes if item.shown is None)


@dataclass(frozen=True, repr=False)
class PendingPass:
    """A pass that is being signed; ``blinded`` and ``inverse`` are 256 bytes."""

    device_key: bytes
    blinded: bytes
    inverse: bytes


@dataclass(frozen=True)
class PendingBatch:
    """A request exactly as it is sent, and sent again when the answer is lost."""

    key_id: bytes
    modulus: bytes
    window: Window
    passes: tuple[PendingPass, ...]


@dataclass(frozen=True)
class Plan:
    """At what time within ``window`` a running wallet asks by itself."""

    window: Window
    at: int


@dataclass(frozen=True)
class Wallet:
    """Everything. ``clock_offset`` is what the device's clock lacks, in seconds.

    ``plan`` is for the passes of the window after its own, ``soon`` for those that are missing now:
    because the holder has asked for them *later*, or because their key is being replaced. Of
    windows that are ``closed`` the wallet asks for nothing by itself: it was refused, or a key of
    them was withdrawn before. Nor does it ask for anything before ``quiet_until``.
    """

    authority: PinnedAuthority | None = None
    activating: tuple[Activating, ...] = ()
    entitlement: Entitlement | None = None
    batches: tuple[Batch, ...] = ()
    pending: tuple[PendingBatch, ...] = ()
    plan: Plan | None = None
    soon: Plan | None = None
    closed: tuple[Window, ...] = ()
    quiet_until: int | None = None
    clock_offset: int = 0

    def batch_at(self, now: int) -> Batch | None:
        """The batch of the window that contains ``now``."""
        return next((batch for batch in self.batches if batch.window.contains(now)), None)

    def trusted(self) -> PinnedAuthority:
        """The authority of this wallet, which outlives its entitlement; raises NotActivated."""
        if self.authority is None:
            raise NotActivated
        return self.authority

    def activated(self) -> tuple[PinnedAuthority, Entitlement]:
        """What an activated wallet has; raises NotActivated."""
        if self.authority is None or self.entitlement is None:
            raise NotActivated
        return self.authority, self.entitlement

    def with_batch(self, batch: Batch) -> Self:
        """With ``batch`` in the place of any of the same window, and its request erased."""
        others = (held for held in self.batches if held.window != batch.window)
        return replace(
            self,
            batches=tuple(sorted((*others, batch), key=lambda held: held.window)),
            pending=tuple(held for held in self.pending if held.window != batch.window),
        )


def close(wallet: Wallet, windows: Iterable[Window]) -> Wallet:
    """``wallet`` that asks for nothing of these windows by itself any more."""
    new = tuple(window for window in windows if window not in wallet.closed)
    return replace(wallet, closed=(*wallet.closed, *new))


def warnings_read(wallet: Wallet) -> Wallet:
    """``wallet`` once a person has read what is said of its authority."""
    if wallet.authority is None:
        return wallet
    trust = replace(wallet.authority.trust, log_replaced=False)
    return replace(wallet, authority=replace(wallet.authority, trust=trust, unsure=False))


def prune(wallet: Wallet, now: int) -> Wallet:
    """``wallet`` without what is dead at ``now``, the time that the device's clock shows.

    What cannot be had again is dropped only when the clock as it is and the clock as corrected
    agree that its time is over: a correction outlives the fault that it was made for.
    """
    corrected = now + wallet.clock_offset
    batches = tuple(_without_used(batch, corrected) for batch in wallet.batches)
    quiet = wallet.quiet_until if is_quiet(wallet, corrected) else None
    kept = replace(wallet, batches=batches, quiet_until=quiet)
    return drop_past(kept, min(now, corrected))


def is_quiet(wallet: Wallet, now: int) -> bool:
    """Whether somebody has just seen this wallet. A clock that was wrong does not silence it."""
    until = wallet.quiet_until
    return until is not None and now < until <= now + LONGEST_QUIET


def drop_past(wallet: Wallet, now: int) -> Wallet:
    """``wallet`` without what has ended, at a time that is beyond doubt."""
    if _has_sunset(wallet, now):
        return Wallet(clock_offset=wallet.clock_offset)
    entitled = wallet.entitlement is not None and now < wallet.entitlement.until
    return replace(
        wallet,
        activating=tuple(a for a in wallet.activating if now < a.since + CODE_SECONDS),
        entitlement=wallet.entitlement if entitled else None,
        batches=tuple(batch for batch in wallet.batches if not batch.is_over(now)),
        pending=tuple(batch for batch in wallet.pending if entitled and now < batch.window.exp),
        plan=wallet.plan if entitled else None,
        soon=wallet.soon if entitled and wallet.soon and now < wallet.soon.window.exp else None,
        closed=tuple(window for window in wallet.closed if entitled and now < window.exp),
    )


def is_recent(shown: int | None, now: int) -> bool:
    """Whether a pass first shown at ``shown`` may be shown again at the same door.

    A time in the future counts like one in the past, since clocks are corrected both ways.
    """
    return shown is not None and abs(now - shown) <= REUSE_SECONDS


def last_shown(batch: Batch) -> Pass | None:
    """The pass of a batch that was shown last, which is the last of those that were shown.

    Times would not tell: two doors can see a pass in one second, and clocks are set back.
    """
    return next((item for item in reversed(batch.passes) if item.shown is not None), None)


def _without_used(batch: Batch, now: int) -> Batch:
    """Used passes go after five minutes; the very last one stays until its window ends."""
    kept = None if batch.fresh else last_shown(batch)
    return replace(
        batch,
        passes=tuple(
            item
            for item in batch.passes
            if item.shown is None or item is kept or is_recent(item.shown, now)
        ),
    )


def _has_sunset(wallet: Wallet, now: int) -> bool:
    """Past the sunset nothing is checked any more, so nothing is worth keeping."""
    sunset = wallet.authority.trust.sunset if wallet.authority is not None else None
    return sunset is not None and now >= sunset
