"""Which vaccinations complete a course: never one that nobody earned."""

from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from issuer.intake.rows import Rejected, read_export
from issuer.rules.policy import default_policy_text, parse_policy
from tests.support.fhir_export import bundle, dose, patient
from tests.support.lab_export import NOW, make_iin

POLICY = parse_policy(default_policy_text())
FIRST, FULL = "vaccinated_first", "vaccinated_full"


def outcomes(folder: Path, *resources: Any) -> list[str]:
    path = folder / "export"
    path.write_text(bundle(*resources))
    return [
        row.reason.value if isinstance(row, Rejected) else row.evidence
        for row in read_export(path, policy=POLICY, now=NOW)
    ]


def results(folder: Path, *resources: Any) -> list[str]:
    return outcomes(folder, patient(), *resources)


def told(**protocol: Any) -> dict[str, Any]:
    return dose(protocolApplied=[protocol])


@pytest.mark.parametrize(
    "number",
    [
        "2", " 2 ", "02", "2.", "2nd", "Dose 2", "dose no. 2", "second", "Second dose", "two", "II",
        "№2", "#2", "dose2", "Доза2",
        "2 доза", "2-я доза", "доза 2", "Доза № 2", "вторая", "вторая доза", "два", "2 компонент",
        "2-доза", "2-ші доза", "екінші", "екінші доза", "екі", "V2", "2/2", "2 of 2", "2 из 2",
        "dose 2 of 2", "２",
    ],
)  # fmt: skip
def test_a_second_dose_in_words_or_digits_is_full(tmp_path: Path, number: str) -> None:
    assert results(tmp_path, told(doseNumberString=number)) == [FULL]
    assert results(tmp_path, told(doseNumberString=number, seriesDosesString="2")) == [FULL]


@pytest.mark.parametrize("number", ["1", "first", "первая", "бірінші", "1/2", "1 из 2", "V1"])
def test_a_first_dose_in_words_or_digits_is_a_first(tmp_path: Path, number: str) -> None:
    assert results(tmp_path, told(doseNumberString=number)) == [FIRST]


@pytest.mark.parametrize(
    ("protocol", "evidence"),
    [
        ({"doseNumberPositiveInt": 2, "seriesDosesString": "3"}, FIRST),
        ({"doseNumberString": "2", "seriesDosesPositiveInt": 3}, FIRST),
        ({"doseNumberString": "2 of 3"}, FIRST),
        ({"doseNumberString": "3", "seriesDosesString": "три"}, FULL),
        ({"doseNumberPositiveInt": "2"}, FULL),
        ({"doseNumberString": 2}, FULL),
        ({"doseNumberPositiveInt": 4}, FULL),
    ],
)
def test_either_form_of_both_numbers_is_read(
    tmp_path: Path, protocol: dict[str, Any], evidence: str
) -> None:
    assert results(tmp_path, told(**protocol)) == [evidence]


UNKNOWN = [0, -1, 10, 99, 999, 2.5, True, None, [], "", "0", "unknown", "неизвестно", "белгісіз",
           "?", "booster", "2nd booster", "last", "99", "999", "1000000", "2/2/2", "2/", "½",
           "2" * 5000]  # fmt: skip


@pytest.mark.parametrize("number", UNKNOWN, ids=range(len(UNKNOWN)))
def test_a_number_that_no_course_has_completes_none(tmp_path: Path, number: Any) -> None:
    for name in ("doseNumberPositiveInt", "doseNumberString"):
        assert results(tmp_path, told(**{name: number})) == ["not_a_course"]
    assert results(tmp_path, told(doseNumberPositiveInt=2, seriesDosesString=number)) == [
        "not_a_course"
    ]


def test_a_number_of_which_only_the_absence_is_told_completes_none(tmp_path: Path) -> None:
    absent = {"extension": [{"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason"}]}
    assert results(tmp_path, told(_doseNumberString=absent)) == ["not_a_course"]
    assert results(tmp_path, told(doseNumberString="2", _doseNumberString=absent)) == [FULL]


@pytest.mark.parametrize(
    "members",
    [
        {"isSubpotent": True},
        {"isSubpotent": "true"},
        {"subpotentReason": [{"text": "cold chain"}]},
        {"modifierExtension": [{"url": "urn:x", "valueBoolean": False}]},
        {"implicitRules": "urn:x"},
        {
            "protocolApplied": [
                {"doseNumberPositiveInt": 2, "modifierExtension": [{"url": "urn:x"}]}
            ]
        },
    ],
)
def test_a_dose_that_protects_less_or_is_changed_counts_nowhere(
    tmp_path: Path, members: dict[str, Any]
) -> None:
    numbered = {"protocolApplied": [{"doseNumberPositiveInt": 2}]} | members
    assert results(tmp_path, dose(**numbered)) == ["not_a_course"]
    weak, next_one = dose("2026-11-01", **members), dose("2026-11-18")
    assert results(tmp_path, weak, next_one) == ["not_a_course", FIRST]


def test_a_dose_that_is_said_to_be_potent_counts(tmp_path: Path) -> None:
    assert results(tmp_path, dose(isSubpotent=False)) == [FIRST]


@pytest.mark.parametrize("again", ["2026-11-02", "2026-11-14", "2026-11-01T18:00:00+05:00"])
def test_a_shot_reported_twice_within_days_is_one(tmp_path: Path, again: str) -> None:
    for some in ([dose("2026-11-01"), dose(again)], [dose(again), dose("2026-11-01")]):
        assert results(tmp_path, *some) == [FIRST] * 2
    # Also under another code of the same vaccine.
    assert results(tmp_path, dose("2026-11-01"), dose(again, code="213")) == [FIRST] * 2


def test_the_shot_after_one_that_was_reported_twice_is_the_second(tmp_path: Path) -> None:
    some = [dose("2026-11-01"), dose("2026-11-03"), dose("2026-11-15")]
    assert results(tmp_path, *some) == [FIRST, FIRST, FULL]


def test_of_two_reports_of_a_shot_the_lower_number_counts(tmp_path: Path) -> None:
    one = dose("2026-11-03", protocolApplied=[{"doseNumberPositiveInt": 1}])
    two = dose("2026-11-05", protocolApplied=[{"doseNumberPositiveInt": 2}])
    assert results(tmp_path, one, two) == [FIRST] * 2
    again = dose("2026-11-04", protocolApplied=[{"doseNumberPositiveInt": 2}])
    assert results(tmp_path, again, two) == [FULL] * 2


@pytest.mark.parametrize("day", ["1900-01-01", "1970-01-01", "2019-05-01", "2020-11-30"])
def test_a_date_before_the_vaccine_existed_is_of_no_course(tmp_path: Path, day: str) -> None:
    before = "before_birth" if day < "1960" else "not_a_course"
    assert results(tmp_path, dose(day), dose("2026-11-18")) == [before, FIRST]


def test_a_date_before_the_birth_counts_nowhere(tmp_path: Path) -> None:
    child = patient(iin=make_iin("261105", 1, century=6))
    some = [dose("2026-11-01"), dose("2026-11-18")]
    assert outcomes(tmp_path, child, *some) == ["before_birth", FIRST]
    said = patient(birthDate="2026-11-05")
    assert outcomes(tmp_path, said, *some) == ["before_birth", FIRST]
    assert outcomes(tmp_path, patient(birthDate="1960-03"), *some) == [FIRST, FULL]


@pytest.mark.parametrize(
    ("code", "doses"),
    [
        ("208", 2), ("207", 2), ("210", 2), ("211", 2), ("219", 3), ("302", 3), ("308", 3),
        ("212", 1), ("504", 1), ("506", 1), ("310", 1), ("312", 1), ("501", 2), ("505", 2),
        ("510", 2), ("511", 2), ("507", 3), ("513", 3), ("514", 3), ("225", 2), ("300", 2),
    ],
)  # fmt: skip
def test_a_course_has_the_doses_that_its_source_says(tmp_path: Path, code: str, doses: int) -> None:
    days = ["2026-10-01", "2026-10-20", "2026-11-10"]
    for number in range(1, doses + 1):
        shots = [dose(day, code=code) for day in days[-number:]]
        assert results(tmp_path, *shots)[-1] == (FULL if number == doses else FIRST)


SHOTS = st.lists(
    st.builds(
        lambda day, number, code, status: dose(
            f"2026-11-{day:02}", code, status=status, protocolApplied=number
        ),
        st.integers(1, 20),
        st.sampled_from([None, [{"doseNumberPositiveInt": 1}], [{"doseNumberString": "2"}]]),
        st.sampled_from(["208", "212"]),
        st.sampled_from(["completed", "not-done"]),
    ),
    max_size=6,
)


@given(shots=SHOTS, seed=st.randoms(use_true_random=False))
def test_doses_in_any_order_give_the_same_result(
    tmp_path: Path, shots: list[dict[str, Any]], seed: Random
) -> None:
    shuffled = seed.sample(shots, len(shots))
    assert sorted(outcomes(tmp_path, *shuffled, patient())) == sorted(results(tmp_path, *shots))
