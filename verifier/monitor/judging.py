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
from schemas.trust import Pins, SignedBundle, read_signed
from verifier.monitor.findings import Finding, Kind, of_rejected
from verifier.monitor.memory import Memory
from verifier.monitor.view import LogView

MOST_A_DAY = 12
"""Bundles: one every six hours, and some more when keys are withdrawn."""


@dataclass(frozen=True)
class Course:
    """How far a run has come: what is remembered, and the last bundle, ready to be compared.

    ``earlier`` are the payloads of the root statements before the pinned one.
    """

    memory: Memory
    last: LoggedBundle | None = None
    held: bytes = b""
    earlier: Sequence[str] = ()
    findings: tuple[Finding, ...] = ()
    bundles: int = 0

    @classmethod
    def of(cls, memory: Memory, earlier: Sequence[str]) -> "Course":
        """Where the run before ended. Raises ValueError or LogRejected for a damaged memory."""
        if not memory.held:
            return cls(memory, earlier=earlier)
        held = memory.held.encode()
        return cls(memory, HeldBundle.of_stored(held).logged, held, earlier)

    def told(self, *findings: Finding) -> "Course":
        return replace(self, findings=(*self.findings, *findings))

    def in_another_log(self) -> "Course":
        """Under another log bundles begin anew."""
        memory = replace(self.memory, log=None, missing=())
        return replace(self, memory=memory, last=None, held=b"")

    @property
    def came_after(self) -> int:
        """The date of the last bundle; 0 before the first."""
        return self.memory.recent[-1] if self.memory.recent else 0


def judge(course: Course, view: LogView, index: int, text: bytes) -> Course:
    """What is known once the bundle at ``index`` was judged, too."""
    course = replace(course, bundles=course.bundles + 1)
    try:
        signed = read_signed(text, anchor=course.memory.anchor)
    except BundleRejected as rejected:
        if _is_before_the_pin(course, rejected, text):
            return course
        place: dict[str, Any] = {"log": view.key.name, "index": index}
        digest = b64url_encode(view.entries[index])
        return course.told(of_rejected(rejected, version_of(text), digest=digest, **place))
    judged = course.told(*_faults(course, view, index, signed))
    if _is_late(course, index) or _is_behind(course, signed) or signed.chain.last.log != view.key:
        return judged
    return _adopted(judged, view, index, signed).told(*_facts(course, view, index, signed))


def _faults(course: Course, view: LogView, index: int, signed: SignedBundle) -> Iterator[Finding]:
    """Why clients would refuse it, each reason for itself."""
    carried = view.carry(signed.jws, index)
    place: dict[str, Any] = {"log": view.key.name, "index": index, "digest": signed.digest}
    logged = LoggedBundle(signed.payload, view.entries[index], index)
    checks: tuple[Callable[[], None], ...] = (
        lambda: _check_place(signed, view, index),
        lambda: _check_pins(course.memory, signed),
        *_against_the_last(course, signed, logged),
    )
    for check in checks:
        try:
            check()
        except BundleRejected as rejected:
            pair = _pair(rejected.fault, course.held, carried)
            yield of_rejected(rejected, signed.bundle.version, pair=pair, **place)


def _facts(course: Course, view: LogView, index: int, signed: SignedBundle) -> Iterator[Finding]:
    """What people should know of it although clients take it."""
    place: dict[str, Any] = {"log": view.key.name, "index": index}
    before = set() if course.last is None else set(course.last.retired)
    new = tuple(sorted({entry["id"] for entry in signed.payload["retired"]} - before))
    if new:
        version, count = signed.bundle.version, len(new)
        yield Finding(Kind.RETIRED, version, count=count, keys=new, **place)
    recent = _recent(course.memory, signed)
    if _are_too_many(recent) and not _are_too_many(course.memory.recent):
        yield Finding(Kind.TOO_MANY_BUNDLES, signed.bundle.version, count=len(recent), **place)


def _check_place(signed: SignedBundle, view: LogView, index: int) -> None:
    """It is in the log that its own roots name, after the entry that it says."""
    _ = signed.is_handed_over
    if signed.chain.last.log != view.key:
        raise BundleRejected(BundleFault.NOT_IN_LOG)
    before = b64url_encode(view.entries[index - 1]) if index else None
    if signed.payload["previous"] != before:
        raise BundleRejected(BundleFault.SPLIT_VIEW)


def _against_the_last(
    course: Course, signed: SignedBundle, logged: LoggedBundle
) -> tuple[Callable[[], None], ...]:
    """A bundle that was not given out until now is one from which the last must go on."""
    last = course.last
    if last is not None and _is_late(course, logged.index):
        return (lambda: check_continuity(replace(last, index=-1), logged),)
    return (
        lambda: _check_statements(course.memory, signed),
        lambda: _check_held(course, signed, logged),
    )


def _is_late(course: Course, index: int) -> bool:
    return course.last is not None and index < course.last.index


def _check_pins(memory: Memory, signed: SignedBundle) -> None:
    if memory.pins is not None and Pins.of(signed.bundle) != memory.pins:
        raise BundleRejected(BundleFault.PIN_CHANGED)


def _check_statements(memory: Memory, signed: SignedBundle) -> None:
    if signed.chain.last.version < memory.root_version:
        raise BundleRejected(BundleFault.ROLLBACK)
    if memory.root_version and signed.chain.digest_at(memory.root_version) != memory.chain:
        raise BundleRejected(BundleFault.SPLIT_VIEW)


def _check_held(course: Course, signed: SignedBundle, logged: LoggedBundle) -> None:
    """It goes on from the last bundle of this log."""
    last = course.last
    if last is None or signed.payload == last.payload:
        return
    if signed.chain.last.version == course.memory.root_version:
        if signed.bundle.version == last.payload["version"]:
            raise BundleRejected(BundleFault.SPLIT_VIEW)
        if signed.bundle.version < last.payload["version"]:
            raise BundleRejected(BundleFault.ROLLBACK)
    # The entry before was compared with the log itself.
    check_continuity(replace(logged, index=-1), last)


def _is_behind(course: Course, signed: SignedBundle) -> bool:
    """Whether what comes next is still compared with the bundle before this one."""
    place = (signed.chain.last.version, signed.bundle.version)
    last = 0 if course.last is None else course.last.payload["version"]
    return place <= (course.memory.root_version, last) and course.last is not None


def _adopted(course: Course, view: LogView, index: int, signed: SignedBundle) -> Course:
    carried = view.carry(signed.jws, index)
    logged = LoggedBundle(signed.payload, view.entries[index], index)
    memory = replace(
        course.memory,
        root_version=signed.chain.last.version,
        chain=signed.chain.digest_at(signed.chain.last.version),
        sunset=signed.chain.last.sunset,
        pins=course.memory.pins or Pins.of(signed.bundle),
        recent=_recent(course.memory, signed),
    )
    return replace(course, memory=memory, last=logged, held=carried)


def _recent(memory: Memory, signed: SignedBundle) -> tuple[int, ...]:
    return (*memory.recent, signed.bundle.iat)[-MOST_A_DAY - 1 :]


def _are_too_many(recent: Sequence[int]) -> bool:
    return len(recent) > MOST_A_DAY and recent[-1] - recent[0] < DAY


def _pair(fault: BundleFault, held: bytes, carried: bytes) -> EvidencePair | None:
    if fault not in FAULTS or not held or held == carried:
        return None
    return EvidencePair(fault, held.decode(), carried.decode())


def _is_before_the_pin(course: Course, rejected: BundleRejected, text: bytes) -> bool:
    """Whether it is of the time before the pinned statement, of which nothing is known."""
    if rejected.fault is not BundleFault.UNKNOWN_ROOT or course.memory.root_version:
        return False
    delegations = compact.parse(text.decode("ascii")).unverified_payload["delegations"]
    payloads = [statement["payload"] for statement in delegations]
    return payloads == list(course.earlier[: len(payloads)])


def version_of(text: bytes) -> int | None:
    """What an unverified bundle says of itself."""
    try:
        version = compact.parse(text.decode("ascii")).unverified_payload.get("version")
    except ValueError:
        return None
    return version if type(version) is int else None
