"""The authority's rules as values: statuses, kinds of venue, evidence and its periods, caps."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Self
from zoneinfo import ZoneInfo

from issuer.rules.export_rules import ExportRules
from issuer.rules.fhir_rules import FhirRules
from issuer.rules.settings import Words
from schemas.kinds import DAY
from schemas.windows import Calendar
from shell.errors import CommandError

FRAUD = "fraud"
"""The withdrawal that is an officer's decision and no laboratory's result."""

REFERENCE_FREE = 14 * DAY
"""Evidence that lasts longer needs a reference, so that it can be withdrawn; in seconds."""


@dataclass(frozen=True, kw_only=True)
class StatusRule:
    """What a pass can say. ``colour`` is ``#rrggbb`` in lower case."""

    id: str
    name: Words
    colour: str


@dataclass(frozen=True, kw_only=True)
class VenueRule:
    """What a kind of venue admits: ids of statuses, one or more. ``hint``: ask or ignore."""

    id: str
    name: Words
    admit: tuple[str, ...]
    hint: str


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """A kind of evidence: the status it ``gives``, or None when it withdraws; period in seconds."""

    id: str
    gives: str | None
    period: int

    @property
    def withdraws(self) -> bool:
        return self.gives is None

    @property
    def needs_reference(self) -> bool:
        """Whether it can be registered only with a reference."""
        return self.withdraws or self.period > REFERENCE_FREE


@dataclass(frozen=True, kw_only=True)
class Caps:
    """What one registrar may do in a day; ``uploaded`` are withdrawals by uploads."""

    codes: int
    withdrawals: int
    uploaded: int


@dataclass(frozen=True, kw_only=True)
class Policy:
    """All rules of one authority. ``evidence`` is what a laboratory can report; no ``fraud``.

    ``people`` is how many it serves, None where it did not say. ``passkeys`` says whose accounts
    need one for the console: ``officers``, ``all`` or ``none``. ``profiles`` are the exports of
    single laboratories.
    """

    name: Words
    people: int | None
    time_zone: str
    window_hours: int
    bundle_hours: int
    passkeys: str
    caps: Caps
    statuses: tuple[StatusRule, ...]
    policies: tuple[VenueRule, ...]
    evidence: Mapping[str, Evidence]
    export: ExportRules
    profiles: Mapping[str, ExportRules]
    fhir: FhirRules

    def with_profile(self, name: str | None) -> Self:
        """The policy for the exports of one laboratory; None for what ``[export]`` says.

        Raises CommandError for a profile that is not there.
        """
        if name is None:
            return self
        if name not in self.profiles:
            known = ", ".join(self.profiles) or "none"
            raise CommandError(f"policy.toml has no profile {name!r}; there are: {known}")
        return replace(self, export=self.profiles[name])

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    @property
    def calendar(self) -> Calendar:
        return Calendar(self.zone, self.window_hours)

    def rule(self, evidence: str) -> Evidence:
        """The rule of one kind of evidence or of ``fraud``; raises KeyError for any other."""
        if evidence != FRAUD:
            return self.evidence[evidence]
        # Nothing that fraud could have obtained lasts longer than this.
        longest = max(rule.period for rule in self.evidence.values() if not rule.withdraws)
        return Evidence(id=FRAUD, gives=None, period=longest)

    def evidence_ends(self, evidence: str, at: int) -> int:
        """When evidence of ``at`` stops counting, in elapsed seconds; KeyError as for rule()."""
        return at + self.rule(evidence).period
