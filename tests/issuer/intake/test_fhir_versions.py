"""Which version of a resource counts, in whatever order and form they come."""

from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from issuer.intake.rows import Rejected, Rows, read_export
from issuer.rules.policy import default_policy_text, parse_policy
from tests.support.fhir_export import PERSON, bundle, dose, ndjson, patient, swab
from tests.support.lab_export import NOW, make_iin

POLICY = parse_policy(default_policy_text())
OTHER = make_iin("700401", 5)
NEGATIVE, POSITIVE = "260415000", "260373001"
URL = "https://lab.example/fhir/Observation/5"


def read(folder: Path, text: str) -> Rows:
    path = folder / "export"
    path.write_text(text)
    return read_export(path, policy=POLICY, now=NOW)


def outcomes(folder: Path, text: str) -> list[str]:
    return [
        row.reason.value if isinstance(row, Rejected) else row.evidence
        for row in read(folder, text)
    ]


def version(
    result: str = NEGATIVE, number: Any = None, updated: str | None = None, **members: Any
) -> dict[str, Any]:
    known = {"versionId": number, "lastUpdated": updated}
    meta = {name: value for name, value in known.items() if value is not None}
    return swab(result, id="5", meta=meta or None, **members)


EARLY, LATE = "2026-11-20T12:00:00Z", "2026-11-20T19:00:00+05:00"

PAIRS = [
    (version(number="1"), version(POSITIVE, "2", status="corrected")),
    (version(number="9"), version(POSITIVE, "10")),
    (version(updated=EARLY), version(POSITIVE, updated=LATE)),
    (version(updated="2026-11-20T12:00:00.5Z"), version(POSITIVE, updated=LATE)),
    (version(updated=EARLY, number="2"), version(POSITIVE, updated=LATE, number="1")),
    (version(updated=EARLY, number="1"), version(POSITIVE, updated=EARLY, number="2")),
    (version(number="1"), version(POSITIVE, "2", updated=LATE)),
    (version(number=1), version(POSITIVE, 2)),
]
"""An older and a newer one."""


@pytest.mark.parametrize("pair", PAIRS, ids=range(len(PAIRS)))
def test_the_newer_version_counts_in_any_order_and_form(tmp_path: Path, pair: Any) -> None:
    older, newer = pair
    expected = ["positive", "superseded"]
    for some in ([patient(), older, newer], [newer, older, patient()]):
        assert sorted(outcomes(tmp_path, bundle(*some))) == expected
        assert sorted(outcomes(tmp_path, ndjson(*some))) == expected
        lines = "".join(bundle(one) + "\n" for one in some)
        assert sorted(outcomes(tmp_path, lines)) == expected
        for kind in ("history", "searchset", "transaction", "batch"):
            entries = [
                {"fullUrl": f"{URL}/_history/{number}", "resource": one}
                if one["resourceType"] == "Observation"
                else {"resource": one}
                for number, one in enumerate(some)
            ]
            text = bundle(entry=entries, type=kind)
            assert sorted(outcomes(tmp_path, text)) == expected


UNCLEAR = [
    (version(), version(POSITIVE)),
    (version(number="1"), version(POSITIVE)),
    (version(number="a"), version(POSITIVE, "b")),
    (version(number="2"), version(POSITIVE, "2")),
    (version(updated=EARLY), version(POSITIVE, updated=EARLY)),
    (version(updated=EARLY), version(POSITIVE, "2")),
    (version(updated="2026-11-20"), version(POSITIVE, updated=LATE)),
]


@pytest.mark.parametrize("pair", UNCLEAR, ids=range(len(UNCLEAR)))
def test_where_nobody_can_tell_which_is_newer_none_counts(tmp_path: Path, pair: Any) -> None:
    for some in (pair, pair[::-1]):
        rows = [
            row for row in read(tmp_path, bundle(patient(), *some)) if isinstance(row, Rejected)
        ]
        assert [row.reason.value for row in rows] == ["superseded"] * 2
        first = min(rows, key=lambda row: row.urgency)
        assert first.withdraws is True


def test_a_positive_result_that_was_corrected_is_nothing_urgent(tmp_path: Path) -> None:
    some = [patient(), version(POSITIVE, "1"), version(number="2", status="corrected")]
    replaced, row = read(tmp_path, bundle(*some))
    assert isinstance(replaced, Rejected)
    assert (replaced.reason.value, replaced.withdraws) == ("superseded", None)
    assert not isinstance(row, Rejected)


def test_the_same_version_twice_is_one_result(tmp_path: Path) -> None:
    for one in (version(), version(number="1"), version(updated=EARLY)):
        assert outcomes(tmp_path, bundle(patient(), one, one)) == ["pcr_negative"] * 2


@pytest.mark.parametrize("status", ["entered-in-error", "cancelled", "preliminary"])
def test_a_version_that_withdraws_the_result_leaves_none(tmp_path: Path, status: str) -> None:
    newer = version(number="2", status=status)
    some = [newer, version(number="1"), patient()]
    assert outcomes(tmp_path, bundle(*some)) == ["not_final", "superseded"]


def removal(**members: Any) -> dict[str, Any]:
    return {"request": {"method": "DELETE", "url": "Observation/5"}, **members}


@pytest.mark.parametrize(
    ("removed", "expected"),
    [
        (removal(response={"lastModified": LATE}), ["superseded"]),
        (removal(response={"etag": 'W/"2"'}), ["superseded"]),
        (removal(response={"status": "204"}), ["superseded"]),
        (removal(), ["superseded"]),
        (removal(resource=version(POSITIVE, "2")), ["superseded"]),
        (removal(response={"lastModified": "2026-11-20T10:00:00Z"}), ["pcr_negative"]),
    ],
)
def test_what_was_deleted_counts_only_where_it_came_again(
    tmp_path: Path, removed: dict[str, Any], expected: list[str]
) -> None:
    one = {"resource": version(updated=EARLY, number="1")}
    for entries in ([removed, one], [one, removed]):
        text = bundle(entry=[{"resource": patient()}, *entries], type="history")
        assert outcomes(tmp_path, text) == expected
        served = [{"fullUrl": URL, **entry} for entry in entries]
        text = bundle(entry=[{"resource": patient()}, *served], type="history")
        assert outcomes(tmp_path, text) == expected
        # A deletion need not say on which server it was.
        served = [{"fullUrl": URL, **entry} if entry is one else entry for entry in entries]
        text = bundle(entry=[{"resource": patient()}, *served], type="history")
        assert outcomes(tmp_path, text) == expected


def test_the_server_s_answer_tells_versions_where_the_resources_do_not(tmp_path: Path) -> None:
    entries = [
        {"resource": patient()},
        {"resource": version(POSITIVE), "response": {"etag": 'W/"11"'}},
        {"resource": version(), "response": {"etag": 'W/"9"'}},
    ]
    assert outcomes(tmp_path, bundle(entry=entries)) == ["positive", "superseded"]


def test_two_servers_with_one_name_have_two_results(tmp_path: Path) -> None:
    entries = [
        {"resource": patient()},
        {"fullUrl": URL, "resource": version()},
        {"fullUrl": URL.replace("lab", "other"), "resource": version(POSITIVE)},
    ]
    assert outcomes(tmp_path, bundle(entry=entries)) == ["pcr_negative", "positive"]


def test_results_without_an_address_are_no_versions(tmp_path: Path) -> None:
    assert outcomes(tmp_path, bundle(patient(), swab(), swab(POSITIVE))) == [
        "pcr_negative",
        "positive",
    ]


def test_a_patient_is_who_the_newest_version_says(tmp_path: Path) -> None:
    old, new = patient(iin=OTHER, meta={"versionId": "1"}), patient(meta={"versionId": "2"})
    for some in ([old, new], [new, old]):
        [row] = read(tmp_path, bundle(swab(), *some))
        assert not isinstance(row, Rejected)
        assert row.reference == PERSON


def test_a_dose_that_was_superseded_does_not_count(tmp_path: Path) -> None:
    first = dose("2026-11-01", id="1", meta={"versionId": "1"})
    never = dose("2026-11-01", id="1", meta={"versionId": "2"}, status="entered-in-error")
    later = dose("2026-11-18", id="2")
    assert outcomes(tmp_path, bundle(patient(), first, later)) == [
        "vaccinated_first",
        "vaccinated_full",
    ]
    assert outcomes(tmp_path, bundle(patient(), first, later, never)) == [
        "superseded",
        "vaccinated_first",
        "not_final",
    ]


META = st.fixed_dictionaries(
    {},
    optional={
        "versionId": st.sampled_from(["1", "2", "10", "x"]),
        "lastUpdated": st.sampled_from([EARLY, LATE, "2026-11-20T14:00:00.000001Z", "2026"]),
    },
)
VERSIONS = st.lists(
    st.builds(
        lambda result, status, meta: swab(result, id="5", status=status, meta=meta),
        st.sampled_from([NEGATIVE, POSITIVE]),
        st.sampled_from(["final", "corrected", "cancelled"]),
        META,
    ),
    max_size=5,
)


@given(versions=VERSIONS, seed=st.randoms(use_true_random=False), as_lines=st.booleans())
def test_versions_in_any_order_give_the_same_result(
    tmp_path: Path, versions: list[dict[str, Any]], seed: Random, as_lines: bool
) -> None:
    some = [patient(), *versions]
    form = ndjson if as_lines else bundle
    expected = outcomes(tmp_path, bundle(*some))
    shuffled = seed.sample(some, len(some))
    found = outcomes(tmp_path, form(*shuffled))
    assert sorted(found) == sorted(expected)
