"""What the root statements of the bundle in force say since the last run. Pure.

The rules are docs/formats.md, "Following the log".
"""

from collections.abc import Mapping

from schemas import jws as compact
from schemas.bundle_faults import BundleFault, BundleRejected
from schemas.log.notes import VerifierKey
from schemas.root_statements import RootStatement
from schemas.trust import VerifiedBundle
from verifier.monitor.findings import FindingKind, LogFinding
from verifier.monitor.memory import Memory
from verifier.monitor.view import LogView


def contradicts(in_force: VerifiedBundle, memory: Memory) -> BundleRejected | None:
    """Statements that were seen must come again with the same payloads."""
    if in_force.chain.last.version < memory.shown_version:
        return BundleRejected(BundleFault.ROLLBACK)
    if (
        memory.shown_version
        and in_force.chain.digest_at(memory.shown_version) != memory.shown_chain
    ):
        return BundleRejected(BundleFault.SPLIT_VIEW)
    return None


def logs_since(in_force: VerifiedBundle, memory: Memory) -> list[VerifierKey]:
    """The logs that are named from the last run on, the oldest first."""
    keys = list(dict.fromkeys(statement.log for statement in in_force.chain.statements))
    texts = [key.text for key in keys]
    known = memory.log.key if memory.log is not None else ""
    return keys[texts.index(known) :] if known in texts else keys


def is_named_over(in_force: VerifiedBundle, key: VerifierKey) -> bool:
    """Whether the bundle in force proves that the log with this key names the one after it."""
    before = in_force.chain.before
    return before is not None and before.log == key and in_force.is_handed_over


def unsaid(
    in_force: VerifiedBundle, memory: Memory, views: Mapping[VerifierKey, LogView]
) -> list[LogFinding]:
    """Statements since the last run that change what is watched, and of which no log before knows.

    The last one is proved by the bundle in force, under the quorum of the one before.
    """
    pairs = zip(in_force.chain.statements, in_force.chain.statements[1:], strict=False)
    changes = [
        (before, after)
        for before, after in pairs
        if after.version > memory.shown_version and not after.is_watched_like(before)
    ]
    return [
        LogFinding(FindingKind.LOG_REPLACED, None, log=after.log.name, statement=after.version)
        for before, after in changes
        if not _is_said(in_force, after, views.get(before.log))
    ]


def _is_said(in_force: VerifiedBundle, statement: RootStatement, view: LogView | None) -> bool:
    if statement == in_force.chain.statements[-1]:
        return in_force.is_handed_over
    return view is not None and statement.entry in view.entries


def payloads_before(in_force: VerifiedBundle) -> tuple[str, ...]:
    """The payloads of the root statements before the pinned one, as they are carried."""
    delegations = compact.parse(in_force.jws.decode("ascii")).unverified_payload["delegations"]
    count = len(delegations) - len(in_force.chain.statements)
    return tuple(statement["payload"] for statement in delegations[:count])
