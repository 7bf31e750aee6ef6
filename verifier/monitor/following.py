"""One run of a monitor: read what is served, judge it, and say what to remember.

What is found is a :class:`LogFinding`; nothing that is served raises. A run that cannot be finished
remembers what the run before remembered.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from schemas import jws as compact
from schemas.bundle import BUNDLE_LIMIT
from schemas.bundle_faults import BundleFault, BundleRejected
from schemas.encoding import b64url_decode, b64url_encode
from schemas.evidence import EvidencePair
from schemas.kinds import DAY, HOUR
from schemas.log.notes import VerifierKey
from schemas.paths import TRUST_BUNDLE_PATH
from schemas.root_statements import RootStatement
from schemas.trust import VerifiedBundle, read_bundle
from verifier.monitor.findings import Contradiction, FindingKind, LogFinding, Unhad, of_rejected
from verifier.monitor.judging import MOST_A_DAY, Position, judge, version_of
from verifier.monitor.memory import Memory, Missing
from verifier.monitor.reading import Contradicted, contradiction, read_bundle_of, read_log
from verifier.monitor.sources import NotHad, Source
from verifier.monitor.view import LogView

KEPT = 14 * DAY
"""Seconds for which an issuer gives a bundle out."""

CLOCKS_DIFFER_BY = HOUR
"""What two clocks may differ by before a bundle that is gone counts as missing."""

PATIENCE = 12 * HOUR
"""Seconds that a new root statement may stand in the log before a bundle has it."""

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
    if fault := _contradicts(in_force, memory):
        return Run(memory, (_with_pair(of_rejected(fault, version), memory, data),), 0, version)
    run = _follow_logs(_Reading(source, in_force, now, tell), memory)
    late = _is_out_of_date(in_force, now)
    why = LogFinding(
        FindingKind.UNREACHABLE, version, path=TRUST_BUNDLE_PATH, why=Unhad.OUT_OF_DATE
    )
    return replace(run, findings=(*run.findings, *((why,) if late else ())))


def _follow_logs(reading: _Reading, before: Memory) -> Run:
    """Every log since the last run, each to its end; the roots alone say when another begins."""
    position = Position.of(before, _payloads_before(reading.in_force))
    views: dict[VerifierKey, LogView] = {}
    version = reading.in_force.bundle.version
    for key in _logs_since(reading.statements, before):
        is_last = key == reading.statements[-1].log
        try:
            view = _read(reading, position, key)
            position = _follow(reading, position, view)
            views[key] = view
        except Contradicted as contradicted:
            position = position.told(contradicted.finding)
        except NotHad as missing:
            if is_last or _is_named_over(reading, key):
                position = position.told(_unreachable(missing))
                return Run(before, _named(position.findings, version), position.bundles, version)
        position = position if is_last else position.in_another_log()
    position = position.told(*_unsaid(reading, before, views))
    findings = _named(position.findings, version)
    last = views.get(reading.statements[-1].log)
    if last is None:
        return Run(before, findings, position.bundles, version)
    memory = replace(position.memory, at=reading.now, log=last.memory, held=position.held.decode())
    return Run(memory, findings, position.bundles, version)


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
        raise Contradicted(replace(finding, pair=_pair(position.held, in_force.data)))
    return view


def _follow(reading: _Reading, position: Position, view: LogView) -> Position:
    """Judge every bundle of a log that was not judged before; raises NotHad."""
    begin = _begin(reading, position.memory, view)
    earlier = {one.index: one for one in position.memory.missing}
    wanted = [*earlier, *range(begin, view.size)]
    position, missing = position.told(*_at_once(reading, position.memory, view)), []
    for done, index in enumerate(wanted):
        reading.tell(done, len(wanted))
        if view.entries[index] in _statement_entries(reading.statements):
            continue
        text = _bundle(reading, view, index)
        if text is None:
            missing.append(earlier.get(index) or _missed(reading, position, begin, index))
        else:
            position = judge(position, view, index, text)
    reading.tell(len(wanted), len(wanted))
    return _with_missing(reading, position, view, missing)


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


# Bundles that are not given out


def _missed(reading: _Reading, position: Position, begin: int, index: int) -> Missing:
    """A bundle before it, or the last run, which did not see it yet, says how young it is."""
    memory = position.memory
    since = max(position.came_after, memory.at if memory.log and index >= begin else 0)
    return Missing(index, since, reading.now)


def _with_missing(
    reading: _Reading, position: Position, view: LogView, missing: Sequence[Missing]
) -> Position:
    young = [one for one in missing if one.since > reading.now - KEPT + CLOCKS_DIFFER_BY]
    end = view.size
    while end and any(one.index == end - 1 for one in young):
        end -= 1
    # The last entries may be root statements that no bundle has yet.
    late = [one for one in young if one.index < end or one.seen <= reading.now - PATIENCE]
    position = position.told(*(_not_given_out(view, one) for one in late))
    return replace(position, memory=replace(position.memory, missing=tuple(young)))


def _not_given_out(view: LogView, missing: Missing) -> LogFinding:
    return LogFinding(
        FindingKind.INCONSISTENT,
        None,
        log=view.key.name,
        index=missing.index,
        digest=b64url_encode(view.entries[missing.index]),
        what=Contradiction.BUNDLE_MISSING,
    )


# Root statements


def _contradicts(in_force: VerifiedBundle, memory: Memory) -> BundleRejected | None:
    """Statements that were seen must come again with the same payloads."""
    if in_force.chain.last.version < memory.root_version:
        return BundleRejected(BundleFault.ROLLBACK)
    if memory.root_version and in_force.chain.digest_at(memory.root_version) != memory.chain:
        return BundleRejected(BundleFault.SPLIT_VIEW)
    return None


def _logs_since(statements: Sequence[RootStatement], memory: Memory) -> list[VerifierKey]:
    """The logs that are named from the last run on, the oldest first."""
    keys = list(dict.fromkeys(statement.log for statement in statements))
    texts = [key.text for key in keys]
    known = memory.log.key if memory.log is not None else ""
    return keys[texts.index(known) :] if known in texts else keys


def _is_named_over(reading: _Reading, key: VerifierKey) -> bool:
    """Whether the bundle in force proves that the log with this key names the one after it."""
    before = reading.in_force.chain.before
    return before is not None and before.log == key and reading.in_force.is_handed_over


def _unsaid(
    reading: _Reading, memory: Memory, views: Mapping[VerifierKey, LogView]
) -> list[LogFinding]:
    """Statements since the last run that change what is watched, and of which no log before knows.

    The last one is proved by the bundle in force, under the quorum of the one before.
    """
    pairs = zip(reading.statements, reading.statements[1:], strict=False)
    changes = [
        (before, after)
        for before, after in pairs
        if after.version > memory.root_version and not after.is_watched_like(before)
    ]
    return [
        LogFinding(FindingKind.LOG_REPLACED, None, log=after.log.name, statement=after.version)
        for before, after in changes
        if not _is_said(reading, after, views.get(before.log))
    ]


def _is_said(reading: _Reading, statement: RootStatement, view: LogView | None) -> bool:
    if statement == reading.statements[-1]:
        return reading.in_force.is_handed_over
    return view is not None and statement.entry in view.entries


def _statement_entries(statements: Sequence[RootStatement]) -> set[bytes]:
    return {statement.entry for statement in statements}


def _payloads_before(in_force: VerifiedBundle) -> tuple[str, ...]:
    """The payloads of the root statements before the pinned one, as they are carried."""
    delegations = compact.parse(in_force.jws.decode("ascii")).unverified_payload["delegations"]
    count = len(delegations) - len(in_force.chain.statements)
    return tuple(statement["payload"] for statement in delegations[:count])


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
    return replace(finding, pair=_pair(memory.held.encode(), data)) if is_pair else finding


def _pair(held: bytes, offered: bytes) -> EvidencePair | None:
    if not held:
        return None
    return EvidencePair(BundleFault.LOG_FORKED, held.decode(), offered.strip().decode())


def _named(findings: Sequence[LogFinding], version: int) -> tuple[LogFinding, ...]:
    """What concerns no entry alone concerns the bundle in force."""
    return tuple(
        replace(finding, version=version)
        if finding.version is None and finding.index is None
        else finding
        for finding in findings
    )
