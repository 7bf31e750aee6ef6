"""The shapes of the FHIR resources that are read, and their members as values of ours."""

import json
import re
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Any
from zoneinfo import ZoneInfo

import jsonschema_rs

from issuer.rules.fhir_rules import Coding

COMPLETED = frozenset({"completed"})
"""What Immunization.status must be."""

FINAL = frozenset({"final", "amended", "corrected"})
"""What Observation.status must be: what came before is not yet a result."""

_TIME = re.compile(
    r"\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,12})?)?(Z|[+-]\d\d:\d\d))?\Z", re.ASCII
)
_FRACTION = re.compile(r"\.\d+")

Members = Mapping[str, Any]


@cache
def _validator(kind: str) -> jsonschema_rs.Draft202012Validator:
    text = files("issuer.intake").joinpath("fhir.schema.json").read_text(encoding="utf-8")
    return jsonschema_rs.Draft202012Validator(json.loads(text) | {"$ref": f"#/$defs/{kind}"})


def has_shape(kind: str, members: Members) -> bool:
    """Whether a Patient, Immunization or Observation has the members without which none is read."""
    try:
        return _validator(kind).is_valid(members)
    except ValueError:
        # A value that JSON cannot express, such as a number out of range or a lone surrogate.
        return False


def is_modified(members: Members) -> bool:
    """Whether an extension, or rules named by address, change what the element says.

    None is known here, and who does not know one must not read on (FHIR R4, Extensibility, section
    "Modifier Extensions"; Resource, ``implicitRules``).
    """
    return bool(members.get("modifierExtension")) or bool(members.get("implicitRules"))


def codings(concept: Members) -> list[Coding]:
    """The codes of a CodeableConcept, with their systems."""
    return [
        (coding["system"], coding["code"])
        for coding in concept["coding"]
        if "system" in coding and "code" in coding
    ]


def moment_of(members: Members, *names: str) -> str | None:
    """The one time among the members of a choice; None when it has another form, or two."""
    choice = names[0].removesuffix("DateTime")
    given = [name for name in members if name.startswith(choice)]
    return members[given[0]] if len(given) == 1 and given[0] in names else None


def parse_moment(text: str | None, zone: ZoneInfo) -> datetime:
    """A FHIR date, dateTime with an offset, or instant; a date begins at midnight in ``zone``.

    Raises ValueError for partial dates, times without an offset, and days of no calendar.
    """
    if text is None or not _TIME.match(text):
        raise ValueError("not a time with an offset, nor a day")
    moment = datetime.fromisoformat(_FRACTION.sub("", text))
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)
