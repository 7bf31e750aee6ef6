"""Whom a reference means: one person, or nobody, in whatever order the entries stand."""

import json
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from issuer.intake.rows import ExportRow, Rejected, read_export
from issuer.rules.policy import default_policy_text, parse_policy
from shell.errors import CommandError
from tests.support.fhir_export import IIN_SYSTEM, PERSON, bundle, dose, ndjson, patient, swab
from tests.support.lab_export import NOW, make_iin

POLICY = parse_policy(default_policy_text())
OTHER = make_iin("700401", 5)
A, B = "http://hospital-a.example/fhir", "https://hospital-b.example/r4"
UUID = "urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0"


def whose(folder: Path, text: str) -> list[str]:
    """For each row whose it is, or the reason why it is nobody's."""
    path = folder / "export"
    path.write_text(text)
    names = {PERSON: "mine", OTHER: "other"}
    return [
        row.reason.value if isinstance(row, Rejected) else names[row.reference]
        for row in read_export(path, policy=POLICY, now=NOW)
    ]


def entry(resource: Any, url: str | None = None) -> dict[str, Any]:
    return {"resource": resource} if url is None else {"fullUrl": url, "resource": resource}


def of(reference: str | None = "Patient/1", **members: Any) -> dict[str, Any]:
    told = members if reference is None else {"reference": reference, **members}
    return swab("260373001", subject=told)


def named(system: str = IIN_SYSTEM, value: str = PERSON) -> dict[str, Any]:
    return {"identifier": {"system": system, "value": value}}


CARD = {"system": "urn:card", "value": "7"}

CASES: dict[str, tuple[list[dict[str, Any]], list[str]]] = {
    "another server's": (
        [entry(patient(), f"{A}/Patient/1"), entry(of(), f"{B}/Observation/9")],
        ["no_person"],
    ),
    "each server's own": (
        [
            entry(patient(), f"{A}/Patient/1"),
            entry(patient(iin=OTHER), f"{B}/Patient/1"),
            entry(of(), f"{A}/Observation/1"),
            entry(of(), f"{B}/Observation/1"),
        ],
        ["mine", "other"],
    ),
    "no server of two": (
        [
            entry(patient(), f"{A}/Patient/1"),
            entry(patient(iin=OTHER), f"{B}/Patient/1"),
            entry(of()),
            entry(of(), UUID),
        ],
        ["no_person", "no_person"],
    ),
    "no server of one": (
        [entry(patient(), f"{A}/Patient/1"), entry(of()), entry(of(), UUID)],
        ["mine", "mine"],
    ),
    "a person without a server": (
        [entry(patient()), entry(of(), f"{A}/Observation/1")],
        ["mine"],
    ),
    "a person without a server beside one with another": (
        [entry(patient()), entry(patient(iin=OTHER), f"{B}/Patient/1"), entry(of(), f"{A}/X/1")],
        ["no_person"],
    ),
    "absolute": (
        [
            entry(patient(), f"{A}/Patient/1"),
            entry(of(f"{A}/Patient/1"), f"{B}/Observation/1"),
            entry(of(f"{A}/Patient/1/_history/2"), f"{B}/Observation/2"),
            entry(of(f"{B}/Patient/1"), f"{A}/Observation/3"),
            entry(of("Patient/1/_history/2"), f"{A}/Observation/4"),
        ],
        ["mine", "mine", "no_person", "mine"],
    ),
    "a fullUrl without a server": (
        [
            entry({k: v for k, v in patient().items() if k != "id"}, "Patient/1"),
            entry(of(), "Observation/1"),
            entry(of()),
        ],
        ["mine", "mine"],
    ),
    "urn": (
        [entry(patient(), UUID), entry(of(UUID)), entry(of(UUID[:-1] + "1"))],
        ["mine", "no_person"],
    ),
    "contained": (
        [
            entry(of("#p") | {"contained": [patient("p")]}),
            entry(of("#q") | {"contained": [patient("p")]}),
            entry(of("#p")),
            entry(of("#p") | {"contained": [patient("p"), patient("p", OTHER)]}),
        ],
        ["mine", "no_person", "no_person", "no_person"],
    ),
    "logical, by the number itself": (
        [entry(of(None, **named())), entry(of(None, **named(value="123")))],
        ["mine", "bad_iin"],
    ),
    "logical, by another number": (
        [
            entry(patient(identifier=[CARD, {"system": IIN_SYSTEM, "value": PERSON}])),
            entry(of(None, identifier=CARD)),
            entry(of(None, identifier=CARD | {"value": "8"})),
            entry(of(None, identifier={"value": "7"})),
        ],
        ["mine", "no_person", "no_person"],
    ),
    "logical, by a number of two": (
        [
            entry(patient("1", identifier=[CARD, {"system": IIN_SYSTEM, "value": PERSON}])),
            entry(patient("2", identifier=[CARD, {"system": IIN_SYSTEM, "value": OTHER}])),
            entry(of(None, identifier=CARD)),
        ],
        ["no_person"],
    ),
    "literal and logical that agree, and that do not": (
        [
            entry(patient()),
            entry(of("Patient/1", **named())),
            entry(of("Patient/1", **named(value=OTHER))),
            entry(of("Patient/2", **named(value=OTHER))),
        ],
        ["mine", "no_person", "other"],
    ),
    "another type": (
        [
            entry(patient()),
            entry(of("Patient/1", type="Group")),
            entry(of("Patient/1", type="http://hl7.org/fhir/StructureDefinition/Patient")),
            entry(of("Group/1")),
            entry(of("Patient?identifier=1")),
            entry(of("")),
        ],
        ["no_person", "mine", "no_person", "no_person", "missing_columns"],
    ),
    "nobody named": (
        [entry(patient()), entry(of(None, display="x")), entry(swab(subject=None))],
        ["no_person", "no_person"],
    ),
    "a patient of whom an extension says something": (
        [entry(patient(modifierExtension=[{"url": "urn:x"}])), entry(of())],
        ["no_person"],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_reference_means_one_person_or_nobody(tmp_path: Path, case: str) -> None:
    entries, expected = CASES[case]
    assert whose(tmp_path, bundle(entry=entries)) == expected


@given(case=st.sampled_from(sorted(CASES)), seed=st.randoms(use_true_random=False))
def test_the_order_of_the_entries_does_not_matter(tmp_path: Path, case: str, seed: Random) -> None:
    entries, expected = CASES[case]
    shuffled = seed.sample(entries, len(entries))
    assert sorted(whose(tmp_path, bundle(entry=shuffled))) == sorted(expected)


def test_vaccinations_refer_to_people_in_the_same_way(tmp_path: Path) -> None:
    entries = [
        entry(patient(), f"{A}/Patient/1"),
        entry(dose(), f"{A}/Immunization/1"),
        entry(dose(), f"{B}/Immunization/1"),
    ]
    assert whose(tmp_path, bundle(entry=entries)) == ["mine", "no_person"]


def test_in_ndjson_type_and_id_decide_where_one_alone_fits(tmp_path: Path) -> None:
    assert whose(tmp_path, ndjson(of(), patient())) == ["mine"]
    assert whose(tmp_path, ndjson(of(), patient(), patient(iin=OTHER))) == ["no_person"]


def test_a_patient_without_an_iin_is_somebody(tmp_path: Path) -> None:
    assert whose(tmp_path, bundle(patient(iin=None), of())) == ["bad_iin"]
    assert whose(tmp_path, bundle(patient(iin=None), of("Patient/1", **named()))) == ["mine"]


# Forms of a file


def page(*relations: str, **members: Any) -> str:
    links = [{"relation": relation, "url": f"{A}?page=2"} for relation in relations]
    return bundle(patient(), swab(), link=links, **members)


def test_bundles_a_line_are_read_as_one_file(tmp_path: Path) -> None:
    path = tmp_path / "export"
    path.write_text(f"{bundle(patient())}\n\n{bundle(swab(), swab())}\n{json.dumps(swab())}\n")
    rows = list(read_export(path, policy=POLICY, now=NOW))
    assert [row.line for row in rows if isinstance(row, ExportRow)] == [3, 3, 4]


def test_a_bundle_of_whole_length_is_no_page(tmp_path: Path) -> None:
    for text in (page("self"), page(type="searchset", total=2), page("first", "last", total=99)):
        assert whose(tmp_path, text) == ["mine"]


@pytest.mark.parametrize(
    "text",
    [
        page("self", "next"),
        page("previous"),
        page("prev"),
        page(type="searchset", total=3),
        page(type="history", total=3),
        page() + "\n" + page("next"),
        bundle(swab(), link=[{"relation": "next", "url": "x" * 70_000}]),
        json.dumps({"link": [{"relation": "next", "url": "x"}], **json.loads(bundle(swab()))}),
    ],
)
def test_a_page_of_a_longer_answer_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "export"
    path.write_text(text)
    with pytest.raises(CommandError, match="is one page of a longer answer"):
        read_export(path, policy=POLICY, now=NOW)


def test_a_bundle_within_a_bundle_is_rejected_and_not_counted_away(tmp_path: Path) -> None:
    inner = json.loads(bundle(patient(), swab()))
    assert whose(tmp_path, bundle(inner)) == ["unknown_kind"]
