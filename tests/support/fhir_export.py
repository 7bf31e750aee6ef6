"""FHIR resources as a laboratory's system writes them, about invented people."""

import json
from typing import Any

from tests.support.lab_export import make_iin

IIN_SYSTEM = "urn:kz:iin"
CVX = "http://hl7.org/fhir/sid/cvx"
LOINC = "http://loinc.org"
SNOMED = "http://snomed.info/sct"
PERSON = make_iin("600317", 1)


def concept(system: str, *codes: str) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code} for code in codes]}


def patient(identity: str = "1", iin: str | None = PERSON, **members: Any) -> dict[str, Any]:
    known = [] if iin is None else [{"system": IIN_SYSTEM, "value": iin}]
    return {"resourceType": "Patient", "id": identity, "identifier": known, **members}


def dose(day: str = "2026-11-10", code: str = "208", **members: Any) -> dict[str, Any]:
    """A completed vaccination of patient 1; a member that is None is left out."""
    return _kept(
        {
            "resourceType": "Immunization",
            "status": "completed",
            "vaccineCode": concept(CVX, code),
            "patient": {"reference": "Patient/1"},
            "occurrenceDateTime": day,
            **members,
        }
    )


def swab(result: str = "260415000", code: str = "94500-6", **members: Any) -> dict[str, Any]:
    """A final test of patient 1, a day before the exports; None leaves a member out."""
    return _kept(
        {
            "resourceType": "Observation",
            "status": "final",
            "code": concept(LOINC, code),
            "subject": {"reference": "Patient/1"},
            "effectiveDateTime": "2026-11-20T10:00:00+05:00",
            "valueCodeableConcept": concept(SNOMED, result),
            **members,
        }
    )


def _kept(members: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}


def bundle(*resources: Any, **members: Any) -> str:
    entries = [{"resource": resource} for resource in resources]
    return json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries, **members})


def ndjson(*resources: Any) -> str:
    return "".join(json.dumps(resource, ensure_ascii=False) + "\n" for resource in resources)
