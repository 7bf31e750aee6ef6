"""What a laboratory's export looks like: data of the policy, and how its texts are compared."""

import re
import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from issuer.rules.settings import Section

COLUMNS = ("iin", "kind", "result", "date")
"""The columns that every export has."""

OPTIONAL = ("state", "sample")
"""Columns that are read where the policy names them."""

CELL_TIME = "cell:"
"""Before the ISO form of a moment that a spreadsheet holds as one, and not as text."""

_MOST_RESULTS = 256
_DIRECTIVE = re.compile(r"%(.?)")
_JOINED = re.compile(r"(?:%[A-Za-z]){2,}")
"""Numbers with nothing between them."""

_ORDER = "YymdHMSfz"
_DAYS = ("Ymd", "ymd")
_TIMES = ("", "HM", "HMS", "HMSf", "HMz", "HMSz", "HMSfz")
_DATE_DIRECTIVES = {day + time for day in _DAYS for time in _TIMES}
_FRACTION = re.compile(r"([.,]\d{6})\d+")
"""Of a second: some programs write more digits than Python reads."""

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
    """How to find and read the columns.

    ``headers`` holds for each of :data:`COLUMNS`, and for those of :data:`OPTIONAL` that are named,
    the possible names, folded, the preferred first; cells are handed on in its order. ``results``
    is the kind of evidence of each folded pair of kind and result, ``final`` the folded states in
    which a result counts.
    """

    headers: Mapping[str, tuple[str, ...]]
    results: Mapping[tuple[str, str], str]
    date_formats: tuple[str, ...]
    final: frozenset[str] = frozenset()

    def is_final(self, state: str | None) -> bool:
        """Whether a result in that state counts; None where the export says no states."""
        return state is None or fold(state) in self.final

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
        if tidied.startswith(CELL_TIME):
            written = datetime.fromisoformat(tidied.removeprefix(CELL_TIME))
            return int(written.replace(tzinfo=zone).timestamp())
        for form in self.date_formats:
            moment = _read(tidied, form)
            if moment is not None:
                return int((moment if moment.tzinfo else moment.replace(tzinfo=zone)).timestamp())
        raise ValueError("not a date of the policy's forms")


def parse_export_rules(section: Section, evidence: Collection[str]) -> ExportRules:
    """Read ``[export]``; raises CommandError when it is incomplete or can be read in two ways."""
    section.only(*_PARTS)
    headers = _parse_headers(section.section("columns"))
    return ExportRules(
        headers=headers,
        results=_parse_results(section, evidence),
        date_formats=_parse_formats(section),
        final=_parse_final(section, headers),
    )


def parse_profile(section: Section, evidence: Collection[str], default: Section) -> ExportRules:
    """Read ``[profiles.NAME]``: what it leaves out is as in ``[export]``, ``default``."""
    section.only(*_PARTS)
    return parse_export_rules(section.over(default), evidence)


_PARTS = ("columns", "date_formats", "results", "final_states")


def _parse_final(section: Section, headers: Mapping[str, object]) -> frozenset[str]:
    if "state" not in headers:
        return frozenset()
    return frozenset(map(fold, section.texts("final_states")))


def _parse_headers(section: Section) -> dict[str, tuple[str, ...]]:
    section.only(*COLUMNS, *OPTIONAL)
    named = [key for key in OPTIONAL if key in section.values]
    headers = {key: tuple(map(fold, section.texts(key))) for key in (*COLUMNS, *named)}
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
                "texts that hold each of %d, %m and %Y (or %y) once, then optionally %H and %M, "
                "%S, %f, %z",
            )
        if _swallows_zero(form):
            section.refuse(
                "date_formats",
                f"texts with something between the numbers: in {form!r} a lost zero changes them",
            )
    for form in formats:
        if len({_read(_PROBE.strftime(form), other) for other in formats} - {None}) > 1:
            section.refuse("date_formats", "formats that never read one text as two dates")
    return formats


def _is_date_format(form: str) -> bool:
    directives = "".join(sorted(_DIRECTIVE.findall(form), key=_ORDER.find))
    return directives in _DATE_DIRECTIVES and not form.endswith("%")


def _swallows_zero(form: str) -> bool:
    """Whether a number that lost its first zero reads as another one.

    Only a year of four digits never begins with a zero. An offset begins with its sign.
    """
    runs = (found[0].replace("%z", "") for found in _JOINED.finditer(form))
    return any(len(run) > len("%d") and not run.startswith("%Y") for run in runs)


def _read(text: str, form: str) -> datetime | None:
    shown = _FRACTION.sub(r"\1", text) if "%f" in form else text
    try:
        moment = datetime.strptime(shown, form)  # noqa: DTZ007 - the zone is the caller's to add.
    except ValueError:
        return None
    # Where numbers stand side by side each has all of its digits.
    if _JOINED.search(form.replace("%z", "")) and moment.strftime(form) != shown:
        return None
    return moment
