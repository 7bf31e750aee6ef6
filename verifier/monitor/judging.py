"""Whether an honest authority would have put this bundle after the one before. Pure.

The rules are docs/formats.md, "Following the log".
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from schemas import jws as compact
from schemas.bundle_faults import BundleFault, BundleRejected
from schemas.continuity import HeldBundle, LoggedBundle, check_continuity
from schemas.encoding import b64url_encode
from schemas.evidence import FAULTS, EvidencePair
from schemas.kinds import DAY
from schemas.root_statements import RootStatement
from schemas.trust import Pins, SignedBundle, read_signed
from verifier.monitor.findings import FindingKind, LogFinding, of_rejected
from verifier.monitor.memory import Memory
from verifier.monitor.view import LogView

MOST_A_DAY = 12
"""Bundles: one every six hours, and some more when keys are withdrawn."""


@dataclass(frozen=True)
class Position:
    """How far a run has come: what is remembered, and the last bundle, ready to be compared.

    ``retired`` are the ids that it withdraws, under whichever log. ``earlier`` are the payloads of
    the root statements before the pinned one, and ``statements`` the entries of those from it on.
    """

    memory: Memory
    last: LoggedBundle | None = None
    held: bytes = b""
    retired: frozenset[str] = frozenset()
    earlier: Sequence[str] = ()
    statements: frozenset[bytes] = frozenset()
    findings: tuple[LogFinding, ...] = ()
    bundles: int = 0

    @classmethod
    def of(cls, memory: Memory, earlier: Sequence[str]) -> "Position":
        """Where the run before ended. Raises ValueError or LogRejected for a damaged memory."""
        if not memory.held:
            return cls(memory, earlier=earlier)
        held = memory.held.encode()
        last = HeldBundle.of_stored(held).logged
        return cls(memory, last, held, frozenset(last.retired), earlier)

    def told(self, *findings: LogFinding) -> "Position":
        return replace(self, findings=(*self.findings, *findings))

    def knowing(self, statements: Sequence[RootStatement]) -> "Position":
        """Entries of these are no bundles."""
        entries = {statement.entry for statement in statements}
        return replace(self, statements=self.statements | entries)

    def in_another_log(self) -> "Position":
        """Under another log bundles begin anew."""
        memory = replace(self.memory, log=None, missing=())
        return replace(self, memory=memory, last=None, held=b"")

    @property
    def came_after(self) -> int:
        """The date of the last bundle; 0 before the first."""
        return self.memory.recent[-1] if self.memory.recent else 0


def judge(position: Position, view: LogView, index: int, text: bytes) -> Position:
    """What is known once the bundle at ``index`` was judged, too."""
    position = replace(position, bundles=position.bundles + 1)
    try:
        signed = read_signed(text, anchor=position.memory.anchor)
    except BundleRejected as rejected:
        if _is_before_the_pin(position, rejected, text):
            return position
        place: dict[str, Any] = {"log": view.key.name, "index": index}
        digest = b64url_encode(view.entries[index])
        return position.told(of_rejected(rejected, version_of(text), digest=digest, **place))
    judged = position.told(*_faults(position, view, index, signed))
    if (
        _is_late(position, index)
        or _is_behind(position, signed)
        or signed.chain.last.log != view.key
    ):
        return judged
    return _adopted(judged, view, index, signed).told(*_facts(position, view, index, signed))


def _faults(
    position: Position, view: LogView, index: int, signed: SignedBundle
) -> Iterator[LogFinding]:
    """Why clients would refuse it, each reason for itself."""
    carried = view.carry(signed.jws, index)
    place: dict[str, Any] = {"log": view.key.name, "index": index, "digest": signed.digest}
    logged = LoggedBundle(signed.payload, view.entries[index], index)
    checks: tuple[Callable[[], None], ...] = (
        lambda: _check_place(signed, view, index),
        lambda: _check_pins(position.memory, signed),
        *_against_the_last(position, signed, logged),
    )
    for check in checks:
        try:
            check()
        except BundleRejected as rejected:
            pair = _pair(rejected.fault, position.held, carried)
            yield of_rejected(rejected, signed.bundle.version, pair=pair, **place)


def _facts(
    position: Position, view: LogView, index: int, signed: SignedBundle
) -> Iterator[LogFinding]:
    """What people should know of it although clients take it."""
    place: dict[str, Any] = {"log": view.key.name, "index": index}
    new = tuple(sorted(_retired(signed) - position.retired))
    if new:
        version, count = signed.bundle.version, len(new)
        yield LogFinding(FindingKind.RETIRED, version, count=count, keys=new, **place)
    recent = _recent(position.memory, signed)
    if _are_too_many(recent) and not _are_too_many(position.memory.recent):
        yield LogFinding(
            FindingKind.TOO_MANY_BUNDLES, signed.bundle.version, count=len(recent), **place
        )


def _check_place(signed: SignedBundle, view: LogView, index: int) -> None:
    """It is in the log that its own roots name, after the entry that it says."""
    _ = signed.is_handed_over
    if signed.chain.last.log != view.key:
        raise BundleRejected(BundleFault.NOT_IN_LOG)
    before = b64url_encode(view.entries[index - 1]) if index else None
    if signed.payload["previous"] != before:
        raise BundleRejected(BundleFault.SPLIT_VIEW)


def _against_the_last(
    position: Position, signed: SignedBundle, logged: LoggedBundle
) -> tuple[Callable[[], None], ...]:
    """A bundle that was not given out until now is one from which the last must go on."""
    last = position.last
    if last is not None and _is_late(position, logged.index):
        return (lambda: check_continuity(replace(last, index=-1), logged),)
    return (
        lambda: _check_statements(position.memory, signed),
        lambda: _check_held(position, signed, logged),
    )


def _is_late(position: Position, index: int) -> bool:
    return position.last is not None and index < position.last.index


def _check_pins(memory: Memory, signed: SignedBundle) -> None:
    if memory.pins is not None and Pins.of(signed.bundle) != memory.pins:
        raise BundleRejected(BundleFault.PIN_CHANGED)


def _check_statements(memory: Memory, signed: SignedBundle) -> None:
    if signed.chain.last.version < memory.root_version:
        raise BundleRejected(BundleFault.ROLLBACK)
    if memory.root_version and signed.chain.digest_at(memory.root_version) != memory.chain:
        raise BundleRejected(BundleFault.SPLIT_VIEW)


def _check_held(position: Position, signed: SignedBundle, logged: LoggedBundle) -> None:
    """It goes on from the last bundle of this log."""
    last = position.last
    if last is None or signed.payload == last.payload:
        return
    if signed.chain.last.version == position.memory.root_version:
        if signed.bundle.version == last.payload["version"]:
            raise BundleRejected(BundleFault.SPLIT_VIEW)
        if signed.bundle.version < last.payload["version"]:
            raise BundleRejected(BundleFault.ROLLBACK)
    # The entry before was compared with the log itself.
    check_continuity(replace(logged, index=-1), last)


def _is_behind(position: Position, signed: SignedBundle) -> bool:
    """Whether what comes next is still compared with the bundle before this one."""
    place = (signed.chain.last.version, signed.bundle.version)
    last = 0 if position.last is None else position.last.payload["version"]
    return place <= (position.memory.root_version, last) and position.last is not None


def _adopted(position: Position, view: LogView, index: int, signed: SignedBundle) -> Position:
    carried = view.carry(signed.jws, index)
    logged = LoggedBundle(signed.payload, view.entries[index], index)
    memory = replace(
        position.memory,
        root_version=signed.chain.last.version,
        chain=signed.chain.digest_at(signed.chain.last.version),
        sunset=signed.chain.last.sunset,
        pins=position.memory.pins or Pins.of(signed.bundle),
        recent=_recent(position.memory, signed),
    )
    retired = _retired(signed)
    position = position.knowing(signed.chain.statements)
    return replace(position, memory=memory, last=logged, held=carried, retired=retired)


def _retired(signed: SignedBundle) -> frozenset[str]:
    return frozenset(entry["id"] for entry in signed.payload["retired"])


def _recent(memory: Memory, signed: SignedBundle) -> tuple[int, ...]:
    return (*memory.recent, signed.bundle.iat)[-MOST_A_DAY - 1 :]


def _are_too_many(recent: Sequence[int]) -> bool:
    return len(recent) > MOST_A_DAY and recent[-1] - recent[0] < DAY


def _pair(fault: BundleFault, held: bytes, carried: bytes) -> EvidencePair | None:
    if fault not in FAULTS or not held or held == carried:
        return None
    return EvidencePair(fault, held.decode(), carried.decode())


def _is_before_the_pin(position: Position, rejected: BundleRejected, text: bytes) -> bool:
    """Whether it is of the time before the pinned statement, of which nothing is known."""
    if rejected.fault is not BundleFault.UNKNOWN_ROOT or position.memory.root_version:
        return False
    delegations = compact.parse(text.decode("ascii")).unverified_payload["delegations"]
    payloads = [statement["payload"] for statement in delegations]
    return payloads == list(position.earlier[: len(payloads)])


def version_of(text: bytes) -> int | None:
    """What an unverified bundle says of itself."""
    try:
        version = compact.parse(text.decode("ascii")).unverified_payload.get("version")
    except ValueError:
        return None
    return version if type(version) is int else None
