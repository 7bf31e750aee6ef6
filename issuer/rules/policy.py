"""The authority's rules, read from ``policy.toml`` in the issuer's home.

They are data, because such rules change faster than programs.
"""

import json
import re
import tomllib
from collections.abc import Collection, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from issuer.rules.export_rules import ExportRules, parse_export_rules, parse_profile
from issuer.rules.fhir_rules import parse_fhir_rules
from issuer.rules.settings import LONGEST_TEXT, Section, is_text
from issuer.rules.values import FRAUD, Caps, Evidence, Policy, StatusRule, VenueRule
from schemas.kinds import DAY, HOUR, LONGEST_EVIDENCE_DAYS, STORED_KINDS, Kind
from schemas.languages import Language
from schemas.odd_rules import COLOURS_DIFFER_BY, colours_differ, is_one_script, names_differ
from schemas.windows import WINDOW_HOURS
from shell.errors import CommandError
from shell.files import read_private

__all__ = ["Policy", "default_policy_text", "load_policy", "parse_policy", "render_policy"]

WITHDRAWING = ("positive", "contact")
"""The kinds of evidence that withdraw; the API's list of them is closed."""

LONGEST_WITHDRAWAL_DAYS = STORED_KINDS[Kind.WITHDRAWAL].period // DAY
BUNDLE_HOURS = (12, 168)
"""A bundle is made anew every 6 hours and must outlive one renewal that failed; at most 7 days."""

PASSKEYS = ("officers", "all", "none")
"""Whose accounts need a passkey for the console; the first where nothing is said."""

MOST_STATUSES = 4
MOST_POLICIES = 32
MOST_PER_DAY = 1_000_000
MOST_PEOPLE = 10_000_000_000
"""More than there are."""

_ONE_SCRIPT = "are all written in Latin letters (A to Z) or all in Cyrillic ones"
_CHANNELS = "red, green or blue (of 255)"
_NAME_LINE = re.compile(r"^name = .*$", flags=re.MULTILINE)
_PEOPLE_LINE = re.compile(r"^# people = .*$", flags=re.MULTILINE)
_COLOUR = re.compile(r"#[0-9a-f]{6}\Z")
_ZONE = re.compile(r"[A-Za-z][A-Za-z0-9_+/-]{0,63}\Z")


def load_policy(path: Path) -> Policy:
    """Read the policy file of a home. Raises CommandError for a file that cannot be used."""
    try:
        return parse_policy(read_private(path).decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise CommandError(f"{path} is not UTF-8; save it in that encoding") from None
    except OSError as error:
        raise CommandError(f"{path}: {error.strerror}; restore it from a backup") from None


def default_policy_text() -> str:
    """The policy that ``init`` copies into a home, comments included."""
    return files("issuer.rules").joinpath("policy.toml").read_text(encoding="utf-8")


def render_policy(default_text: str, *, name: str, people: int | None = None) -> str:
    """``default_text`` with ``name`` as the authority's name in all three languages.

    ``people`` is how many it serves, where that is known.

    Raises CommandError for a name that is empty, over 200 characters or not printable.
    """
    shown = " ".join(name.split())
    if not is_text(shown):
        raise CommandError(f"give a name of 1 to {LONGEST_TEXT} printable characters")
    # A JSON string of printable characters is also a TOML basic string.
    quoted = json.dumps(shown, ensure_ascii=False)
    words = ", ".join(f"{language} = {quoted}" for language in Language)
    text = _NAME_LINE.sub(lambda _: f"name = {{ {words} }}", default_text, count=1)
    return text if people is None else _PEOPLE_LINE.sub(f"people = {people}", text, count=1)


def parse_policy(text: str) -> Policy:
    """The rules in ``text`` (TOML). Raises CommandError that names the setting to correct."""
    top = Section(_parse_toml(text)).only(*Policy.__dataclass_fields__)
    statuses = _parse_statuses(top)
    status_ids = [status.id for status in statuses]
    evidence = _parse_all_evidence(top, status_ids)
    low, high = BUNDLE_HOURS
    return Policy(
        name=top.words("name"),
        people=_parse_people(top),
        time_zone=_parse_zone(top),
        window_hours=top.choice("window_hours", WINDOW_HOURS),
        bundle_hours=top.whole("bundle_hours", low=low, high=high),
        passkeys=top.choice("passkeys", PASSKEYS) if "passkeys" in top.values else PASSKEYS[0],
        caps=_parse_caps(top.section("caps")),
        statuses=statuses,
        policies=_parse_policies(top, status_ids),
        evidence=evidence,
        export=parse_export_rules(top.section("export"), evidence),
        profiles=_parse_profiles(top, evidence),
        fhir=parse_fhir_rules(top, evidence),
    )


def _parse_profiles(top: Section, evidence: Collection[str]) -> Mapping[str, ExportRules]:
    if "profiles" not in top.values:
        return {}
    default = top.section("export")
    sections = top.section("profiles").named_sections()
    return {name: parse_profile(one, evidence, default) for name, one in sections.items()}


def _parse_toml(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise CommandError(f"policy.toml is not TOML: {' '.join(str(error).split())}") from None
    except ValueError:
        # Python reads no number of over 4,300 digits.
        raise CommandError("policy.toml has a number that is too long; correct it") from None
    except RecursionError:
        raise CommandError("policy.toml is nested too deeply; restore its first form") from None


def _parse_people(top: Section) -> int | None:
    return top.whole("people", low=1, high=MOST_PEOPLE) if "people" in top.values else None


def _parse_zone(top: Section) -> str:
    form = "the IANA name of a time zone, such as Asia/Almaty"
    key = top.text("time_zone", pattern=_ZONE, form=form)
    try:
        return ZoneInfo(key).key
    except (KeyError, ValueError, OSError):
        top.refuse("time_zone", form)


def _parse_caps(section: Section) -> Caps:
    section.only("codes_per_day", "withdrawals_per_day", "uploaded_withdrawals_per_day")
    return Caps(
        codes=section.whole("codes_per_day", low=1, high=MOST_PER_DAY),
        withdrawals=section.whole("withdrawals_per_day", low=1, high=MOST_PER_DAY),
        uploaded=section.whole("uploaded_withdrawals_per_day", low=1, high=MOST_PER_DAY),
    )


def _parse_statuses(top: Section) -> tuple[StatusRule, ...]:
    sections = top.sections("statuses", most=MOST_STATUSES)
    statuses = tuple(_parse_status(section) for section in sections)
    _check_told_apart(top, statuses)
    return statuses


def _check_told_apart(top: Section, statuses: Collection[StatusRule]) -> None:
    """Staff tell statuses by name and colour; clients refuse a bundle in which they cannot."""
    all_differ = "a list whose ids, names and colours all differ"
    if _repeats([status.id for status in statuses]):
        top.refuse("statuses", all_differ)
    for language in Language:
        names = [status.name[language] for status in statuses]
        if not is_one_script(names):
            top.refuse("statuses", f"a list whose names in {language} {_ONE_SCRIPT}")
        if not names_differ(names):
            top.refuse("statuses", f"{all_differ}: names in {language} by a letter or digit")
    if not colours_differ(status.colour for status in statuses):
        top.refuse("statuses", f"{all_differ}: colours by {COLOURS_DIFFER_BY} in {_CHANNELS}")


def _parse_status(section: Section) -> StatusRule:
    section.only("id", "name", "colour")
    return StatusRule(
        id=section.identifier("id"),
        name=section.words("name"),
        colour=section.text("colour", pattern=_COLOUR, form="#rrggbb in lower case, as #2e7d32"),
    )


def _parse_policies(top: Section, statuses: Collection[str]) -> tuple[VenueRule, ...]:
    sections = top.sections("policies", most=MOST_POLICIES)
    policies = tuple(_parse_venue_policy(section, statuses) for section in sections)
    if _repeats([policy.id for policy in policies]):
        top.refuse("policies", "a list whose ids differ")
    return policies


def _parse_venue_policy(section: Section, statuses: Collection[str]) -> VenueRule:
    section.only("id", "name", "admit", "hint")
    # An empty list would read as "no rule", and no rule must never mean yes.
    admit = section.texts("admit")
    if not set(admit) <= set(statuses):
        section.refuse("admit", f"a list of statuses: {', '.join(statuses)}")
    return VenueRule(
        id=section.identifier("id"),
        name=section.words("name"),
        admit=admit,
        hint=section.choice("hint", ("ask", "ignore")),
    )


def _parse_all_evidence(top: Section, statuses: Collection[str]) -> Mapping[str, Evidence]:
    section = top.section("evidence")
    if FRAUD in section.values:
        section.refuse(FRAUD, "left out; it is built in")
    for kind in WITHDRAWING:
        section.section(kind)
    evidence = {
        kind: _parse_evidence(kind, entry, statuses)
        for kind, entry in section.named_sections().items()
    }
    if all(rule.withdraws for rule in evidence.values()):
        top.refuse("evidence", "a table with at least one kind that gives a status")
    return evidence


def _parse_evidence(kind: str, section: Section, statuses: Collection[str]) -> Evidence:
    if kind in WITHDRAWING:
        section.only("withdraws", "hours", "days").choice("withdraws", (True,))
        return Evidence(id=kind, gives=None, period=_period(section, LONGEST_WITHDRAWAL_DAYS))
    section.only("gives", "hours", "days")
    gives = section.choice("gives", tuple(statuses))
    return Evidence(id=kind, gives=gives, period=_period(section, LONGEST_EVIDENCE_DAYS))


def _period(section: Section, most_days: int) -> int:
    if "hours" in section.values and "days" in section.values:
        section.refuse("hours", "left out where days are given")
    if "hours" in section.values:
        return section.whole("hours", low=1, high=24 * most_days) * HOUR
    return section.whole("days", low=1, high=most_days) * DAY


def _repeats(values: list[str]) -> bool:
    return len(set(values)) != len(values)
