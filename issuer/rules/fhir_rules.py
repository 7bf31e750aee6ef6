"""What FHIR resources mean: data of the policy, by the codes that stand in them."""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import TypeVar

from issuer.rules.settings import Section
from shell.errors import CommandError

_T = TypeVar("_T")

Coding = tuple[str, str]
"""A code system's address and a code in it."""

_MOST_ENTRIES = 64
_MOST_DOSES = 10
_MOST_DAYS = 365
_SYSTEM = re.compile(r"[a-z][a-z0-9+.-]*:[!-~]{1,190}\Z")
_SYSTEM_FORM = "the address of a system, such as http://loinc.org or urn:kz:iin"


@dataclass(frozen=True, kw_only=True)
class Course:
    """A vaccine of which ``doses`` are a course, unless a record says another number itself.

    Nobody had it before the day ``since``.
    """

    doses: int
    since: date
    first: str
    full: str

    def evidence(self, number: int, series: int | None) -> str:
        """The kind of evidence that dose ``number`` is."""
        return self.full if number >= (series or self.doses) else self.first


@dataclass(frozen=True, kw_only=True)
class FhirRules:
    """Which identifiers are IINs, and what vaccines and results are evidence of.

    ``days_between_doses``: reports of one person that are fewer days apart are of one shot.
    """

    iin_systems: frozenset[str]
    days_between_doses: int
    vaccines: Mapping[Coding, Course]
    results: Mapping[tuple[Coding, Coding], str]

    def course_of(self, vaccine: Collection[Coding]) -> Course | None:
        """The course of a vaccine with these codings; None when they name none, or two."""
        return _only(self.vaccines.get(coding) for coding in vaccine)

    def knows_test(self, test: Collection[Coding]) -> bool:
        """Whether some result of a test with these codings means something."""
        return any(one in test for one, _ in self.results)

    def evidence_of(self, test: Collection[Coding], result: Collection[Coding]) -> str | None:
        """What a result means; None when the codings mean nothing, or two things."""
        return _only(self.results.get((one, other)) for one in test for other in result)


def _only(found: Iterable[_T | None]) -> _T | None:
    different = {value for value in found if value is not None}
    return different.pop() if len(different) == 1 else None


def parse_fhir_rules(top: Section, evidence: Collection[str]) -> FhirRules:
    """Read ``[fhir]``; raises CommandError when it is missing or can be read in two ways."""
    if "fhir" not in top.values:
        raise CommandError(
            "policy.toml: fhir must be a table: this program reads FHIR, too; copy the part that "
            "begins with # FHIR from the policy.toml of a home made by this program"
        )
    section = top.section("fhir").only("iin_systems", "days_between_doses", "vaccines", "results")
    systems = section.texts("iin_systems")
    if not all(map(_SYSTEM.match, systems)):
        section.refuse("iin_systems", "a list of addresses, such as urn:kz:iin")
    return FhirRules(
        iin_systems=frozenset(systems),
        days_between_doses=section.whole("days_between_doses", low=1, high=_MOST_DAYS),
        vaccines=_parse_vaccines(section, sorted(evidence)),
        results=_parse_results(section, sorted(evidence)),
    )


def _parse_vaccines(section: Section, evidence: list[str]) -> dict[Coding, Course]:
    vaccines: dict[Coding, Course] = {}
    for entry in section.sections("vaccines", most=_MOST_ENTRIES):
        entry.only("system", "codes", "doses", "since", "first", "full")
        course = Course(
            doses=entry.whole("doses", low=1, high=_MOST_DOSES),
            since=_parse_day(entry, "since"),
            first=entry.choice("first", evidence),
            full=entry.choice("full", evidence),
        )
        for coding in _codings(entry, "system", "codes"):
            if vaccines.setdefault(coding, course) != course:
                entry.refuse("codes", "codes of no other entry")
    return vaccines


def _parse_day(entry: Section, key: str) -> date:
    value = entry.values.get(key)
    if not isinstance(value, date) or isinstance(value, datetime):
        entry.refuse(key, "a date without quotation marks, such as 2020-12-02")
    return value


def _parse_results(section: Section, evidence: list[str]) -> dict[tuple[Coding, Coding], str]:
    results: dict[tuple[Coding, Coding], str] = {}
    for entry in section.sections("results", most=_MOST_ENTRIES):
        entry.only("evidence", "test_system", "tests", "result_system", "results")
        meaning = entry.choice("evidence", evidence)
        outcomes = _codings(entry, "result_system", "results")
        for pair in (
            (test, outcome)
            for test in _codings(entry, "test_system", "tests")
            for outcome in outcomes
        ):
            if results.setdefault(pair, meaning) != meaning:
                entry.refuse("results", "codes that mean one kind of evidence only")
    return results


def _codings(entry: Section, system: str, codes: str) -> list[Coding]:
    address = entry.text(system, pattern=_SYSTEM, form=_SYSTEM_FORM)
    return [(address, code) for code in entry.texts(codes)]
