"""FHIR exports: what is read, what is rejected and why, and what hostile files cannot do."""

import json
import tracemalloc
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from issuer.intake import fhir_file
from issuer.intake.rows import ExportRow, Rejected, read_export
from issuer.rules.policy import default_policy_text, parse_policy
from shell.errors import CommandError
from tests.support.fhir_export import (
    CVX,
    IIN_SYSTEM,
    LOINC,
    PERSON,
    SNOMED,
    bundle,
    concept,
    dose,
    ndjson,
    patient,
    swab,
)
from tests.support.lab_export import NOW, make_iin

POLICY = parse_policy(default_policy_text())
SAMPLES = Path(__file__).parents[2] / "samples" / "fhir"
OTHER = make_iin("700401", 5)


def read(folder: Path, content: str | bytes, *, now: int = NOW) -> list[ExportRow | Rejected]:
    path = folder / "export"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return list(read_export(path, policy=POLICY, now=now))


def outcomes(rows: list[ExportRow | Rejected]) -> list[tuple[int, str]]:
    return [
        (row.line, row.reason.value if isinstance(row, Rejected) else row.evidence) for row in rows
    ]


def results(folder: Path, *resources: Any) -> list[str]:
    """What becomes of the resources after a patient with an IIN."""
    return [what for _, what in outcomes(read(folder, bundle(patient(), *resources)))]


def error(folder: Path, content: str | bytes) -> str:
    with pytest.raises(CommandError) as caught:
        read(folder, content)
    assert caught.value.exit_code == 2
    assert "\n" not in caught.value.message
    return caught.value.message.replace(str(folder / "export"), "FILE")


# What is read


def test_a_bundle_gives_its_results_by_the_number_of_the_entry(tmp_path: Path) -> None:
    rows = read(tmp_path, bundle(patient(), swab(), dose(), swab("260373001")))
    assert outcomes(rows) == [(2, "pcr_negative"), (3, "vaccinated_first"), (4, "positive")]


def test_ndjson_gives_its_results_by_the_line(tmp_path: Path) -> None:
    text = ndjson(swab()) + "\n  \n" + ndjson(dose(), patient())
    assert outcomes(read(tmp_path, text)) == [(1, "pcr_negative"), (4, "vaccinated_first")]


def test_a_result_gives_reference_birthday_evidence_and_time(tmp_path: Path) -> None:
    [row] = read(tmp_path, bundle(patient(), swab()))
    assert row == ExportRow(
        line=2, reference=PERSON, birthday="03-17", evidence="pcr_negative", at=1795150800
    )


def test_a_patient_may_stand_after_the_results(tmp_path: Path) -> None:
    assert outcomes(read(tmp_path, bundle(swab(), patient()))) == [(1, "pcr_negative")]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1251"])
@pytest.mark.parametrize("indent", [None, 0, 2])
def test_encodings_and_layouts_are_found(tmp_path: Path, encoding: str, indent: int | None) -> None:
    members = json.loads(bundle(patient(name=[{"family": "Вымышленный"}]), swab()))
    text = json.dumps(members, ensure_ascii=False, indent=indent)
    assert outcomes(read(tmp_path, text.encode(encoding))) == [(2, "pcr_negative")]
    lines = ndjson(patient(name=[{"family": "Вымышленный"}]), swab())
    assert outcomes(read(tmp_path, lines.encode(encoding))) == [(2, "pcr_negative")]


def test_a_bundle_with_an_entry_on_each_line_is_no_ndjson(tmp_path: Path) -> None:
    for signs in (",\n", "\n,"):
        text = bundle(patient(), swab(), swab()).replace("}, {", "}" + signs + "{")
        text = text.replace("[{", "[\n{", 1)
        assert outcomes(read(tmp_path, text)) == [(2, "pcr_negative"), (3, "pcr_negative")]


def test_a_damaged_line_of_ndjson_costs_its_own_row_only(tmp_path: Path) -> None:
    text = ndjson(swab())[:50] + "\n" + ndjson(patient(), swab())
    assert outcomes(read(tmp_path, text)) == [(1, "missing_columns"), (3, "pcr_negative")]
    cut = ndjson(patient(), swab(), swab())[:-30]
    assert outcomes(read(tmp_path, cut)) == [(2, "pcr_negative"), (3, "missing_columns")]


def test_members_that_are_not_needed_may_be_anything(tmp_path: Path) -> None:
    odd = {"lotNumber": 7, "performer": "x", "site": None, "text": {"div": "<div>" * 1000}}
    assert results(tmp_path, dose(**odd), swab(**odd)) == ["vaccinated_first", "pcr_negative"]


@pytest.mark.parametrize("reference", ["urn:uuid:7", "resource:0", "https://lab.example/Patient/9"])
def test_a_patient_is_found_by_the_address_of_its_entry(tmp_path: Path, reference: str) -> None:
    entries = [
        {"fullUrl": reference, "resource": patient(identity="x")},
        {"resource": swab(subject={"reference": reference})},
        {"resource": swab(subject={"reference": f"{reference}/_history/3"})},
    ]
    assert [what for _, what in outcomes(read(tmp_path, bundle(entry=entries)))] == [
        "pcr_negative"
    ] * 2


# People


@pytest.mark.parametrize(
    "person",
    [
        patient(iin=None),
        patient(iin="123"),
        patient(iin=PERSON[:11] + str((int(PERSON[11]) + 1) % 10)),
        patient(identifier=[{"system": "urn:other", "value": PERSON}]),
        patient(identifier=[{"system": IIN_SYSTEM, "value": PERSON, "use": "old"}]),
        patient(identifier=[{"system": IIN_SYSTEM, "value": iin} for iin in (PERSON, OTHER)]),
        patient(identifier={"system": IIN_SYSTEM, "value": PERSON}),
        patient(identifier=[{"system": IIN_SYSTEM, "value": int(PERSON)}]),
        patient(identifier=[{"system": IIN_SYSTEM}]),
        patient(identifier=[{"system": IIN_SYSTEM, "value": "x" * 2000}]),
    ],
)
def test_a_result_of_somebody_without_an_iin_is_rejected(tmp_path: Path, person: Any) -> None:
    assert outcomes(read(tmp_path, bundle(person, swab()))) == [(2, "bad_iin")]


def test_an_address_at_which_two_people_are_is_nobodys(tmp_path: Path) -> None:
    rows = read(tmp_path, bundle(patient(), patient(iin=OTHER), patient(), swab()))
    assert outcomes(rows) == [(4, "no_person")]


def test_the_same_person_twice_is_one(tmp_path: Path) -> None:
    assert outcomes(read(tmp_path, bundle(patient(), patient(), swab()))) == [(3, "pcr_negative")]


@pytest.mark.parametrize("reference", ["#p", "Patient/2", "Observation/1", "https://x/Patient/1"])
def test_a_reference_to_nobody_in_the_file_is_rejected(tmp_path: Path, reference: str) -> None:
    assert results(tmp_path, swab(subject={"reference": reference})) == ["no_person"]


# Vaccinations


def test_the_second_dose_of_a_person_is_full_in_whatever_order_they_stand(tmp_path: Path) -> None:
    assert results(tmp_path, dose("2026-11-01"), dose("2026-11-18")) == [
        "vaccinated_first",
        "vaccinated_full",
    ]
    assert results(tmp_path, dose("2026-11-18"), dose("2026-11-01")) == [
        "vaccinated_full",
        "vaccinated_first",
    ]


def test_doses_of_one_person_count_together_under_two_patients(tmp_path: Path) -> None:
    second = dose("2026-11-18", patient={"reference": "Patient/2"})
    rows = read(tmp_path, bundle(patient(), patient("2"), dose("2026-11-01"), second))
    assert [what for _, what in outcomes(rows)] == ["vaccinated_first", "vaccinated_full"]


def test_two_records_of_one_day_are_one_dose(tmp_path: Path) -> None:
    again = dose("2026-11-01T18:00:00+05:00")
    assert results(tmp_path, dose("2026-11-01"), again) == ["vaccinated_first"] * 2


def test_doses_of_others_and_doses_that_were_not_given_do_not_count(tmp_path: Path) -> None:
    mine, others = dose("2026-11-18"), dose("2026-11-01", patient={"reference": "Patient/2"})
    rows = read(tmp_path, bundle(patient(), patient("2", OTHER), mine, others))
    assert [what for _, what in outcomes(rows)] == ["vaccinated_first"] * 2
    for other, reason in (
        (dose("2026-11-01", status="not-done"), "not_final"),
        (dose("2026-11-01", code="140"), "unknown_kind"),
    ):
        assert results(tmp_path, other, mine) == [reason, "vaccinated_first"]


@pytest.mark.parametrize(
    ("number", "series", "code", "evidence"),
    [
        (1, None, "208", "vaccinated_first"),
        (2, None, "208", "vaccinated_full"),
        (3, 3, "208", "vaccinated_full"),
        (2, 3, "208", "vaccinated_first"),
        (1, 1, "208", "vaccinated_full"),
        (None, 1, "208", "vaccinated_full"),
        (None, None, "212", "vaccinated_full"),
        (None, 2, "212", "vaccinated_first"),
        (None, None, "501", "vaccinated_first"),
    ],
)
def test_the_numbers_of_the_record_itself_come_first(
    tmp_path: Path, number: int | None, series: int | None, code: str, evidence: str
) -> None:
    given = {"doseNumberPositiveInt": number, "seriesDosesPositiveInt": series}
    protocol = {name: value for name, value in given.items() if value is not None}
    assert results(tmp_path, dose(code=code, protocolApplied=[protocol])) == [evidence]


# Kinds, results and times


@pytest.mark.parametrize(
    "resource",
    [
        dose(code="140"),
        dose(vaccineCode=concept("urn:oid:2.16.840.1.113883.12.292", "208")),
        dose(vaccineCode=concept(CVX, "208", "212")),
        swab(code="718-7"),
        swab(code="718-7", status="preliminary"),
        swab(modifierExtension=[{"url": "urn:x", "valueBoolean": True}]),
        swab(implicitRules="urn:x"),
        swab("419984006"),
        swab(valueCodeableConcept=concept(SNOMED, "260415000", "260373001")),
        swab("260415000", code="94558-4"),
        swab(code=7) | {"code": concept(SNOMED, "94500-6")},
        {"resourceType": "Bundle"},
    ],
)
def test_what_the_policy_does_not_map_is_rejected(tmp_path: Path, resource: Any) -> None:
    assert results(tmp_path, resource) == ["unknown_kind"]


@pytest.mark.parametrize(
    "resource",
    [
        dose(status="Completed"),
        dose(status="not-done"),
        dose(status="entered-in-error"),
        swab(status="registered", valueCodeableConcept=None),
        swab(status="preliminary"),
        swab(status="cancelled"),
        swab(status="entered-in-error"),
        swab(status="unknown"),
    ],
)
def test_what_is_not_final_is_rejected(tmp_path: Path, resource: Any) -> None:
    assert results(tmp_path, resource) == ["not_final"]


def test_resources_that_are_no_results_are_counted_and_no_rows(tmp_path: Path) -> None:
    others = [{"resourceType": kind} for kind in ("Medication", "Organization", "OperationOutcome")]
    path = tmp_path / "export"
    path.write_text(bundle(patient(), *others, swab()))
    rows = read_export(path, policy=POLICY, now=NOW)
    assert outcomes(list(rows)) == [(5, "pcr_negative")]
    assert rows.others == 4


@pytest.mark.parametrize("status", ["final", "amended", "corrected"])
def test_a_result_that_stands_counts(tmp_path: Path, status: str) -> None:
    assert results(tmp_path, swab(status=status)) == ["pcr_negative"]


def test_further_codings_that_mean_nothing_do_not_matter(tmp_path: Path) -> None:
    both = {"coding": [{"code": "x"}, *concept("urn:local", "PCR")["coding"]]}
    both["coding"] += concept(LOINC, "94500-6", "94309-2")["coding"]
    assert results(tmp_path, swab() | {"code": both}) == ["pcr_negative"]


@pytest.mark.parametrize(
    "resource",
    [
        dose(vaccineCode={"coding": []}),
        dose(vaccineCode={"coding": [{"system": CVX}]}),
        dose(vaccineCode={"text": "Pfizer"}),
        dose(vaccineCode=concept(CVX, *map(str, range(100)))),
        dose(status=None),
        dose(patient={"reference": ""}),
        dose(occurrenceDateTime=None),
        dose(occurrenceDateTime=20261001),
        dose(protocolApplied=["2"]),
        swab(subject=[{"reference": "Patient/1"}]),
        swab(valueCodeableConcept=None, valueString="negative"),
        {"status": "final"},
        {"resourceType": 7},
        {},
        [],
        "x",
        None,
    ],
)
def test_what_lacks_a_member_is_rejected(tmp_path: Path, resource: Any) -> None:
    assert results(tmp_path, resource) == ["missing_columns"]


@pytest.mark.parametrize(
    "time",
    [
        "2026",
        "2026-11",
        "01-11-2026",
        "2026-02-31",
        "2026-11-20T10:00:00",
        "2026-11-20T25:00:00Z",
        "2026-11-20T10:00:60Z",
        "2026-11-20T10:00:00+99:00",
        "0000-01-01",
        "0001-01-01",
        "٢٠٢٦-11-20",
        "2026-11-20 10:00:00Z",
        " 2026-11-20",
        "2026-W47-5",
        "20261120",
    ],
)
def test_a_time_that_is_partial_or_no_time_is_rejected(tmp_path: Path, time: str) -> None:
    [result] = results(tmp_path, swab(effectiveDateTime=time))
    assert result == ("before_birth" if time == "0001-01-01" else "bad_date")


@pytest.mark.parametrize(
    ("members", "at"),
    [
        ({"effectiveDateTime": "2026-11-20"}, 1795114800),
        ({"effectiveDateTime": "2026-11-20T05:00:00Z"}, 1795150800),
        ({"effectiveDateTime": "2026-11-20T10:00:00.123456789+05:00"}, 1795150800),
        ({"effectiveDateTime": None, "effectiveInstant": "2026-11-20T05:00:00.5Z"}, 1795150800),
    ],
)
def test_instants_times_with_offsets_and_days_are_read(
    tmp_path: Path, members: dict[str, Any], at: int
) -> None:
    [row] = read(tmp_path, bundle(patient(), swab(**members)))
    assert isinstance(row, ExportRow)
    assert row.at == at


def test_a_time_of_another_form_or_two_times_are_rejected(tmp_path: Path) -> None:
    period = swab(effectiveDateTime=None, effectivePeriod={"start": "2026-11-20"})
    two = dose(occurrenceString="in October")
    words = dose(occurrenceDateTime=None, occurrenceString="2026-10-01")
    assert results(tmp_path, period, two, words) == ["bad_date"] * 3


def test_what_is_to_come_or_over_is_rejected(tmp_path: Path) -> None:
    ahead, old = swab(effectiveDateTime="2026-11-22"), swab(effectiveDateTime="2026-11-10")
    assert results(tmp_path, ahead, old) == ["future", "too_old"]


# Files that others wrote


@pytest.mark.parametrize(
    ("name", "nobody", "somebody"),
    [
        ("covid-vaccines-bundle", ["bad_iin"] * 3, ["too_old", "too_old", "vaccinated_full"]),
        ("revoked-bundle", ["bad_iin"] * 2, ["too_old", "vaccinated_full"]),
        ("trailing_chars", ["bad_iin"] * 2, ["too_old", "vaccinated_full"]),
        ("empty-values", ["missing_columns", "bad_iin"], ["missing_columns", "too_old"]),
        ("occurrence-issues", ["bad_iin", "missing_columns"], ["bad_date", "missing_columns"]),
        ("status-not-completed", ["bad_iin"] * 2, ["not_final"] * 2),
        ("profile-usa", ["missing_columns"] * 2, ["missing_columns"] * 2),
    ],
)
def test_bundles_of_others_are_read_and_their_faults_reported(
    tmp_path: Path, name: str, nobody: list[str], somebody: list[str]
) -> None:
    """Their patients have no IIN; then again, a month after the last dose, with one."""
    text = (SAMPLES / f"{name}.json").read_text()
    assert [what for _, what in outcomes(read(tmp_path, text))] == nobody
    identifier = json.dumps([{"system": IIN_SYSTEM, "value": PERSON}])
    named = text.replace('"Patient",', f'"Patient", "identifier": {identifier},')
    then = datetime(*((2022, 10, 5) if name.startswith("covid") else (2021, 4, 28)), tzinfo=UTC)
    rows = read(tmp_path, named, now=int(then.timestamp()))
    assert [what for _, what in outcomes(rows)] == somebody


# Hostile files


def test_a_bundle_that_is_cut_off_is_an_error_before_any_row(tmp_path: Path) -> None:
    whole = bundle(patient(), swab())
    for end in (1, 20, len(whole) // 2, len(whole) - 1):
        assert error(tmp_path, whole[:end]) == (
            "FILE ends in the middle of a FHIR Bundle; export or send it again"
        )


@pytest.mark.parametrize(
    "content",
    [
        "{}",
        "{1: 2}",
        '{"a" 1}',
        '{"a": }',
        '{"a": 1,}',
        '{"entry": [], "entry": []}',
        '{"resourceType": "Bundle", "entry": {}}',
        '{"resourceType": "Bundle", "entry": [] } x',
        '{"resourceType": "Bundle", "entry": [] } {"resourceType": "Bundle"}',
        '{\n"resourceType": "bundle", "entry": []}',
        '{"resourceType": "Patient", "resourceType": "Bundle", "entry": []}',
        '{\n"resourceType": "Observation"}',
        '[{"resourceType": "Patient"}]',
        "{" + '"a": [' * 100_000 + "]" * 100_000 + "}",
        '{"' + "a" * 100_000 + '": 1}',
    ],
)
def test_json_that_is_neither_is_an_error(tmp_path: Path, content: str) -> None:
    assert error(tmp_path, content) == (
        "FILE is JSON, but neither one whole FHIR Bundle nor NDJSON; "
        "export the results as one of the two, or as CSV"
    )


def test_a_bundle_without_entries_has_no_rows(tmp_path: Path) -> None:
    assert read(tmp_path, '{"resourceType": "Bundle"}') == []
    assert read(tmp_path, bundle()) == []


def test_json_in_utf_16_without_its_mark_is_an_error(tmp_path: Path) -> None:
    content = bundle(patient()).encode("utf-16-le")
    said = "FILE looks like UTF-16 without its mark; save it as UTF-8"
    assert error(tmp_path, content) == said


def test_an_element_nested_without_end_costs_its_own_row(tmp_path: Path) -> None:
    deep = '{"resource":' + "[" * 100_000 + "]" * 100_000 + "}"
    text = bundle(patient(), "DEEP", swab()).replace('{"resource": "DEEP"}', deep)
    assert outcomes(read(tmp_path, text)) == [(2, "missing_columns"), (3, "pcr_negative")]


def test_an_element_beyond_all_measure_costs_its_own_row(tmp_path: Path) -> None:
    huge = [
        swab(note="x" * 1_100_000),
        swab(note=["\\"] * 400_000),
        swab(note=list(range(300_000))),
    ]
    rows = read(tmp_path, bundle(patient(), *huge, swab()))
    assert outcomes(rows) == [(n, "missing_columns") for n in (2, 3, 4)] + [(5, "pcr_negative")]
    rows = read(tmp_path, ndjson(patient(), *huge, swab()))
    assert outcomes(rows) == [(n, "missing_columns") for n in (2, 3, 4)] + [(5, "pcr_negative")]


def test_members_that_are_there_twice_make_no_result(tmp_path: Path) -> None:
    text = bundle(patient(), swab(), swab()).replace(
        '"status": "final"', '"status": "preliminary", "status": "final"', 1
    )
    assert outcomes(read(tmp_path, text)) == [(2, "missing_columns"), (3, "pcr_negative")]


@pytest.mark.parametrize("odd", ["NaN", "1e999", "1" * 5000, '"\\ud800"', "Infinity", "tru"])
def test_values_that_are_hardly_json_harm_their_own_row_only(tmp_path: Path, odd: str) -> None:
    text = bundle(patient(), swab(status="ODD"), swab()).replace('"ODD"', odd)
    found = outcomes(read(tmp_path, text))
    assert found[1] == (3, "pcr_negative")
    assert found[0][1] in ("missing_columns", "not_final")


def test_an_address_that_no_text_can_express_is_only_an_address(tmp_path: Path) -> None:
    entry = [
        {"fullUrl": "\ud800", "resource": patient()},
        {"resource": swab(subject={"reference": "\ud800"})},
        {"resource": swab()},
    ]
    rows = read(tmp_path, bundle(entry=entry))
    assert [what for _, what in outcomes(rows)] == ["pcr_negative"] * 2


def test_resources_that_point_at_each_other_are_no_loop(tmp_path: Path) -> None:
    one = swab(id="a", subject={"reference": "Observation/b"})
    other = swab(id="b", subject={"reference": "Observation/a"})
    assert results(tmp_path, one, other) == ["no_person"] * 2


def test_more_resources_than_anybody_exports_are_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fhir_file, "MOST_RESOURCES", 10)
    assert len(read(tmp_path, bundle(patient(), *[swab()] * 9))) == 9
    message = error(tmp_path, bundle(patient(), *[swab()] * 10))
    assert message == "FILE has more than 10 resources; export them in parts"


def test_a_bundle_three_times_as_long_takes_hardly_more_memory(tmp_path: Path) -> None:
    def peak(number: int) -> int:
        path = tmp_path / "export"
        path.write_text(bundle(patient(), *[swab(note="x" * 1000)] * number))
        tracemalloc.start()
        counted = sum(1 for _ in read_export(path, policy=POLICY, now=NOW))
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert counted == number
        return most

    peak(1000)
    assert peak(3000) < 2 * peak(1000)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)


@given(resource=st.sampled_from([patient(), swab(), dose()]), name=st.data(), value=JSON)
def test_any_value_anywhere_gives_a_row_or_a_reason(
    tmp_path: Path, resource: dict[str, Any], name: st.DataObject, value: Any
) -> None:
    names = {*resource, "meta", "specimen", "contained", "modifierExtension", "protocolApplied"}
    changed = resource | {name.draw(st.sampled_from(sorted(names))): value}
    rows = read(tmp_path, bundle(patient("2", OTHER), changed))
    assert len(rows) <= 1


@given(at=st.integers(0, 900), junk=st.binary(max_size=4))
def test_any_damage_gives_rows_or_an_error(tmp_path: Path, at: int, junk: bytes) -> None:
    whole = bundle(patient(), swab(), dose()).encode()
    at = min(at, len(whole))
    try:
        rows = read(tmp_path, whole[:at] + junk + whole[at + len(junk) :])
    except CommandError:
        return
    assert Counter(type(row) for row in rows).total() <= 3


PARTS = {
    "identifier": JSON | st.fixed_dictionaries({"system": JSON, "value": JSON}),
    "reference": JSON | st.sampled_from(["#p", "Patient/1", "Specimen/1"]),
    "type": JSON,
}


@given(
    reference=st.fixed_dictionaries({}, optional=PARTS),
    inner=st.lists(JSON | st.fixed_dictionaries({"id": JSON, "collection": JSON}), max_size=2),
    entry=st.fixed_dictionaries(
        {}, optional={"fullUrl": JSON, "request": JSON, "response": JSON, "resource": JSON}
    ),
)
def test_any_reference_and_any_entry_gives_a_row_or_a_reason(
    tmp_path: Path, reference: dict[str, Any], inner: list[Any], entry: dict[str, Any]
) -> None:
    odd = swab(subject=reference, specimen=reference, contained=inner)
    specimen = {"resourceType": "Specimen", "id": "1", "identifier": inner, "collection": reference}
    entries = [{"resource": each} for each in (patient(), specimen, odd)]
    rows = read(tmp_path, bundle(entry=[*entries, {"resource": swab()}, entry]))
    assert len(rows) in (2, 3)
