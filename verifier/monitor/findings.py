"""What a monitor reports: a closed list, docs/formats.md, "Following the log"."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from schemas.bundle_faults import BundleFault, BundleRejected, OddRule
from schemas.catalogues import sentence
from schemas.evidence import EvidencePair
from schemas.languages import Language


class FindingKind(StrEnum):
    KEYS_REPLACED = "keys_replaced"
    ODD_RULES = "odd_rules"
    RETIRED = "retired"
    TOO_MANY_BUNDLES = "too_many_bundles"
    LOG_REPLACED = "log_replaced"
    INCONSISTENT = "inconsistent"
    UNREACHABLE = "unreachable"


class Contradiction(StrEnum):
    """What does not fit together, where the finding is ``inconsistent``."""

    REFUSED_BUNDLE = "refused_bundle"
    UNKNOWN_BUNDLE = "unknown_bundle"
    BUNDLE_MISSING = "bundle_missing"
    ANOTHER_TREE = "another_tree"
    SMALLER_TREE = "smaller_tree"
    WRONG_TREE = "wrong_tree"


class Unhad(StrEnum):
    """Why something was not had, where the finding is ``unreachable``."""

    NO_ANSWER = "no_answer"
    NOT_THERE = "not_there"
    TOO_LARGE = "too_large"
    SOMETHING_ELSE = "something_else"
    OUT_OF_DATE = "out_of_date"


@dataclass(frozen=True)
class LogFinding:
    """``version`` is that of the bundle concerned; None where there is none, or none is known.

    What else is set depends on the kind: :attr:`members` has what is. ``pair`` is the evidence.
    """

    finding: FindingKind
    version: int | None
    log: str | None = None
    index: int | None = None
    digest: str | None = None
    fault: BundleFault | None = None
    odd: OddRule | None = None
    what: Contradiction | None = None
    why: Unhad | None = None
    path: str | None = None
    statement: int | None = None
    count: int | None = None
    keys: tuple[str, ...] = ()
    pair: EvidencePair | None = None

    @property
    def is_alarm(self) -> bool:
        """Whether somebody has to act; an authority may withdraw keys."""
        return self.finding is not FindingKind.RETIRED

    @property
    def members(self) -> Mapping[str, Any]:
        """As ``--json`` has it: what is not set is left out, but for the version."""
        names = ("log", "index", "digest", "fault", "odd", "what", "why", "path", "statement")
        values = {name: getattr(self, name) for name in (*names, "count")}
        evidence = {} if self.pair is None else {"evidence": list(self.pair.digests)}
        keys = {"keys": list(self.keys)} if self.keys else {}
        said = {name: value for name, value in values.items() if value is not None}
        return {"finding": self.finding.value, "version": self.version, **said, **keys, **evidence}

    def text(self, language: Language) -> str:
        """What was found and what to do, for a person."""
        detail = self.what or self.why
        name = f"{self.finding}_{detail}_finding" if detail else f"{self.finding}_finding"
        odd = self.odd and sentence(f"{self.odd}_odd_rule", language)
        reason = self.fault and BundleRejected(self.fault, self.odd).text(language)
        values = {name: getattr(self, name) for name in ("version", "log", "index", "path")}
        values |= {"statement": self.statement, "count": self.count, "odd": odd, "reason": reason}
        lines = [sentence(name, language, **values)]
        if self.pair is not None:
            lines.append("  " + sentence("evidence_of_finding", language))
        if self.digest is not None:
            lines.append(f"  {self.digest}")
        return "\n".join(lines)


def of_rejected(rejected: BundleRejected, version: int | None, **more: Any) -> LogFinding:
    """What it means that a bundle would be refused."""
    if rejected.fault is BundleFault.KEYS_REPLACED:
        return LogFinding(FindingKind.KEYS_REPLACED, version, **more)
    if rejected.fault is BundleFault.ODD_RULES:
        return LogFinding(FindingKind.ODD_RULES, version, odd=rejected.odd, **more)
    is_known = version is not None
    what = Contradiction.REFUSED_BUNDLE if is_known else Contradiction.UNKNOWN_BUNDLE
    return LogFinding(FindingKind.INCONSISTENT, version, what=what, fault=rejected.fault, **more)
