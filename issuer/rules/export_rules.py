"""What a laboratory's export looks like: data of the policy, and how its texts are compared."""

import re
import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from issuer.rules.settings import Section

COLUMNS = ("iin", "kind", "result", "date")
"""The columns that are read, in the order in which their cells are handed on."""

_MOST_RESULTS = 256
_DIRECTIVE = re.compile(r"%(.?)")
_DATE_DIRECTIVES = {"Ymd", "YmdHM", "YmdHMS", "YmdHMz", "YmdHMSz"}
_PROBE = datetime(2026, 2, 3, 14, 5, 6, tzinfo=UTC)
"""A time whose day and month differ and could be taken for each other."""


def tidy(text: str) -> str:
    """``text`` in NFKC, with single spaces, none at its ends."""
    return " ".join(unicodedata.normalize("NFKC", text).split())


def fold(text: str) -> str:
    """``text`` as it is compared: :func:`tidy` and without regard to case."""
    return tidy(unicodedata.normalize("NFKC", text).casefold())


@dataclass(frozen=True, kw_only=True)
class ExportRules:
    """How to find and read the four columns.

    ``headers`` holds for each of :data:`COLUMNS` its possible names, folded, the preferred first;
    ``results`` the kind of evidence of each folded pair of kind and result.
    """

    headers: Mapping[str, tuple[str, ...]]
    results: Mapping[tuple[str, str], str]
    date_formats: tuple[str, ...]

    def evidence_of(self, kind: str, result: str) -> str | None:
        """The kind of evidence that a row's two texts mean; None when the policy has none."""
        return self.results.get((fold(kind), fold(result)))

    def moment(self, text: str, zone: ZoneInfo) -> int:
        """Unix seconds of a date cell; a time without an offset is local time in ``zone``.

        An hour that a change of clocks repeats is taken at its first passing, so that evidence
        never counts longer than it should. Raises ValueError, without the text, for anything that
        no format reads.
        """
        tidied = tidy(text)
        for form in self.date_formats:
            moment = _read(tidied, form)
            if moment is not None:
                return int((moment if moment.tzinfo else moment.replace(tzinfo=zone)).timestamp())
        raise ValueError("not a date of the policy's forms")


def parse_export_rules(section: Section, evidence: Collection[str]) -> ExportRules:
    """Read ``[export]``; raises CommandError when it is incomplete or can be read in two ways."""
    section.only("columns", "date_formats", "results")
    return ExportRules(
        headers=_parse_headers(section.section("columns")),
        results=_parse_results(section, evidence),
        date_formats=_parse_formats(section),
    )


def _parse_headers(section: Section) -> dict[str, tuple[str, ...]]:
    section.only(*COLUMNS)
    headers = {key: tuple(map(fold, section.texts(key))) for key in COLUMNS}
    seen: set[str] = set()
    for key, names in headers.items():
        if seen & set(names):
            section.refuse(key, "names that no other column has")
        seen |= set(names)
    return headers


def _parse_results(section: Section, evidence: Collection[str]) -> dict[tuple[str, str], str]:
    results: dict[tuple[str, str], str] = {}
    for entry in section.sections("results", most=_MOST_RESULTS):
        entry.only("evidence", "kind", "result")
        meaning = entry.choice("evidence", sorted(evidence))
        for pair in _pairs(entry):
            if results.setdefault(pair, meaning) != meaning:
                entry.refuse("result", "a text that means one kind of evidence only")
    return results


def _pairs(entry: Section) -> list[tuple[str, str]]:
    kinds, results = entry.texts("kind"), entry.texts("result")
    return [(fold(kind), fold(result)) for kind in kinds for result in results]


def _parse_formats(section: Section) -> tuple[str, ...]:
    formats = section.texts("date_formats")
    for form in formats:
        if not _is_date_format(form):
            section.refuse(
                "date_formats",
                "texts that hold each of %d, %m and %Y once, then optionally %H and %M, %S, %z",
            )
    for form in formats:
        if len({_read(_PROBE.strftime(form), other) for other in formats} - {None}) > 1:
            section.refuse("date_formats", "formats that never read one text as two dates")
    return formats


def _is_date_format(form: str) -> bool:
    directives = "".join(sorted(_DIRECTIVE.findall(form), key="YmdHMSz".find))
    return directives in _DATE_DIRECTIVES and not form.endswith("%")


def _read(text: str, form: str) -> datetime | None:
    try:
        return datetime.strptime(text, form)  # noqa: DTZ007 - the zone is the caller's to add.
    except ValueError:
        return None
