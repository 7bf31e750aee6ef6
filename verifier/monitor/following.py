"""One run of a monitor: read what is served, judge it, and say what to remember.

What is found is a :class:`LogFinding`; nothing that is served raises. A run that cannot be finished
remembers what the run before remembered.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from schemas.bundle import BUNDLE_LIMIT
from schemas.bundle_faults import BundleFault, BundleRejected
from schemas.encoding import b64url_decode
from schemas.evidence import EvidencePair
from schemas.kinds import DAY
from schemas.log.notes import VerifierKey
from schemas.paths import TRUST_BUNDLE_PATH
from schemas.root_statements import RootStatement
from schemas.trust import VerifiedBundle, read_bundle
from verifier.monitor.findings import Contradiction, FindingKind, LogFinding, Unhad, of_rejected
from verifier.monitor.judging import MOST_A_DAY, Position, judge, version_of
from verifier.monitor.memory import Memory
from verifier.monitor.missing import KEPT, missed, with_missing
from verifier.monitor.reading import Contradicted, contradiction, read_bundle_of, read_log
from verifier.monitor.sources import NotHad, Source
from verifier.monitor.statements import (
    contradicts,
    is_named_over,
    logs_since,
    payloads_before,
    unsaid,
)
from verifier.monitor.view import LogView

Tell = Callable[[int, int | None], None]


@dataclass(frozen=True)
class Run:
    """What a run found, and what to remember; ``bundles`` is how many were judged."""

    memory: Memory
    findings: tuple[LogFinding, ...]
    bundles: int = 0
    version: int | None = None


@dataclass(frozen=True)
class _Reading:
    """What a run has at hand: where it reads, the bundle in force, and the time."""

    source: Source
    in_force: VerifiedBundle
    now: int
    tell: Tell

    @property
    def statements(self) -> Sequence[RootStatement]:
        return self.in_force.chain.statements


def follow(source: Source, memory: Memory, *, now: int, tell: Tell) -> Run:
    """Read on from where the last run ended. Raises ValueError for a damaged memory."""
    try:
        data = source.read(TRUST_BUNDLE_PATH, limit=BUNDLE_LIMIT)
    except NotHad as missing:
        return Run(memory, (_unreachable(missing),))
    try:
        in_force = read_bundle(data, anchor=memory.anchor)
    except BundleRejected as rejected:
        return Run(memory, (_not_in_force(rejected, data),))
    version = in_force.bundle.version
    if fault := contradicts(in_force, memory):
        return Run(memory, (_with_pair(of_rejected(fault, version), memory, data),), 0, version)
    run = _follow_logs(_Reading(source, in_force, now, tell), memory)
    late = _is_out_of_date(in_force, now)
    why = LogFinding(
        FindingKind.UNREACHABLE, version, path=TRUST_BUNDLE_PATH, why=Unhad.OUT_OF_DATE
    )
    return replace(run, findings=(*run.findings, *((why,) if late else ())))


def _follow_logs(reading: _Reading, before: Memory) -> Run:
    """Every log since the last run, each to its end; the roots alone say when another begins."""
    position = Position.of(before, payloads_before(reading.in_force))
    position = position.knowing(reading.statements)
    views: dict[VerifierKey, LogView] = {}
    version = reading.in_force.bundle.version
    for key in logs_since(reading.in_force, before):
        is_last = key == reading.statements[-1].log
        try:
            view = _read(reading, position, key)
            position = _follow(reading, position, view)
            views[key] = view
        except Contradicted as contradicted:
            position = position.told(contradicted.finding)
        except NotHad as missing:
            if is_last or _must_be_had(reading, key, missing):
                position = position.told(_unreachable(missing))
                return Run(before, _named(position.findings, version), position.bundles, version)
        position = position if is_last else position.in_another_log()
    position = position.told(*unsaid(reading.in_force, before, views))
    findings = _named(position.findings, version)
    last = views.get(reading.statements[-1].log)
    if last is None:
        return Run(before, findings, position.bundles, version)
    return Run(_remembered(reading, position, last), findings, position.bundles, version)


def _remembered(reading: _Reading, position: Position, view: LogView) -> Memory:
    """What the next run begins with, once the log in force was read to its end."""
    chain = reading.in_force.chain
    return replace(
        position.memory,
        at=reading.now,
        shown_version=chain.last.version,
        shown_chain=chain.digest_at(chain.last.version),
        log=view.memory,
        held=position.held.decode(),
    )


def _must_be_had(reading: _Reading, key: VerifierKey, missing: NotHad) -> bool:
    """Whether a log that was replaced must be readable, and is not merely lost."""
    return missing.fault is Unhad.NO_ANSWER or is_named_over(reading.in_force, key)


# One log


def _read(reading: _Reading, position: Position, key: VerifierKey) -> LogView:
    """A log that goes on from what was seen of it; raises NotHad and Contradicted."""
    in_force, known = reading.in_force, position.memory.log
    is_carried = key == reading.statements[-1].log
    view = read_log(reading.source, key, in_force.proof.note if is_carried else None)
    if known is None or known.key != key.text:
        return view
    if view.size < known.size:
        raise contradiction(key, Contradiction.SMALLER_TREE)
    if view.tree.root(known.size) != b64url_decode(known.root):
        finding = contradiction(key, Contradiction.ANOTHER_TREE).finding
        raise Contradicted(
            replace(finding, pair=_pair(BundleFault.LOG_FORKED, position.held, in_force.data))
        )
    return view


def _follow(reading: _Reading, position: Position, view: LogView) -> Position:
    """Judge every bundle of a log that was not judged before; raises NotHad."""
    begin = _begin(reading, position.memory, view)
    earlier = {one.index: one for one in position.memory.missing}
    wanted = [*earlier, *range(begin, view.size)]
    position, missing = position.told(*_at_once(reading, position.memory, view)), []
    for done, index in enumerate(wanted):
        reading.tell(done, len(wanted))
        if view.entries[index] in position.statements:
            continue
        text = _bundle(reading, view, index)
        if text is None:
            missing.append(
                earlier.get(index) or missed(position, index, begin=begin, now=reading.now)
            )
        else:
            position = judge(position, view, index, text)
    reading.tell(len(wanted), len(wanted))
    return with_missing(position, view, missing, now=reading.now)


def _begin(reading: _Reading, memory: Memory, view: LogView) -> int:
    """The first entry that was not judged, and at first the first that may be had."""
    if memory.log is not None and memory.log.key == view.key.text:
        return memory.log.size
    may_be_had = MOST_A_DAY * KEPT // DAY
    return 0 if reading.source.is_near else max(0, view.size - may_be_had)


def _bundle(reading: _Reading, view: LogView, index: int) -> bytes | None:
    held = reading.in_force.held
    if held.entry == view.entries[index]:
        return reading.in_force.jws
    return read_bundle_of(reading.source, view.key, view.entries[index])


def _at_once(reading: _Reading, memory: Memory, view: LogView) -> Sequence[LogFinding]:
    """More entries since the last run than any honest authority makes, whatever their dates are."""
    if memory.log is None or memory.log.key != view.key.text:
        return ()
    count, days = view.size - memory.log.size, 1 + max(0, reading.now - memory.at) // DAY
    if count <= MOST_A_DAY * days:
        return ()
    return (LogFinding(FindingKind.TOO_MANY_BUNDLES, None, log=view.key.name, count=count),)


# What a finding says


def _unreachable(missing: NotHad) -> LogFinding:
    return LogFinding(FindingKind.UNREACHABLE, None, path=missing.path, why=missing.fault)


def _not_in_force(rejected: BundleRejected, data: bytes) -> LogFinding:
    """The bundle in force is refused; what is no bundle at all says nothing of the authority."""
    if rejected.fault in (BundleFault.NOT_A_BUNDLE, BundleFault.TOO_LARGE):
        why, path = Unhad.SOMETHING_ELSE, TRUST_BUNDLE_PATH
        return LogFinding(FindingKind.UNREACHABLE, None, path=path, why=why)
    version = version_of(data.partition(b"\n\n")[0])
    return of_rejected(rejected, version, path=TRUST_BUNDLE_PATH)


def _is_out_of_date(in_force: VerifiedBundle, now: int) -> bool:
    return now >= min(in_force.bundle.exp, in_force.signer_exp)


def _with_pair(finding: LogFinding, memory: Memory, data: bytes) -> LogFinding:
    is_pair = finding.fault is BundleFault.SPLIT_VIEW
    pair = _pair(BundleFault.SPLIT_VIEW, memory.held.encode(), data)
    return replace(finding, pair=pair) if is_pair else finding


def _pair(fault: BundleFault, held: bytes, offered: bytes) -> EvidencePair | None:
    if not held:
        return None
    return EvidencePair(fault, held.decode(), offered.strip().decode())


def _named(findings: Sequence[LogFinding], version: int) -> tuple[LogFinding, ...]:
    """What concerns no entry alone concerns the bundle in force."""
    return tuple(
        replace(finding, version=version)
        if finding.version is None and finding.index is None
        else finding
        for finding in findings
    )
