"""When a sample was taken: the Specimen says it, wherever it stands."""

from datetime import datetime
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from issuer.intake.rows import Rejected, read_export
from issuer.rules.policy import default_policy_text, parse_policy
from tests.support.fhir_export import bundle, ndjson, patient, swab
from tests.support.lab_export import NOW

POLICY = parse_policy(default_policy_text())
RELEASED = "2026-11-20T22:00:00+05:00"
TAKEN = "2026-11-19T09:00:00+05:00"
AT = int(datetime.fromisoformat(TAKEN).timestamp())


def read(folder: Path, text: str) -> list[int | str]:
    """The Unix seconds of each result, or the reason why it has none."""
    path = folder / "export"
    path.write_text(text)
    return [
        row.reason.value if isinstance(row, Rejected) else row.at
        for row in read_export(path, policy=POLICY, now=NOW)
    ]


def specimen(identity: str = "s1", **members: Any) -> dict[str, Any]:
    given = {"collection": {"collectedDateTime": TAKEN}} | members
    return {"resourceType": "Specimen", "id": identity, "receivedTime": RELEASED, **given}


def result(reference: str | None = "Specimen/s1", **members: Any) -> dict[str, Any]:
    told = {"issued": RELEASED, "effectiveDateTime": RELEASED} | members
    named = {} if reference is None else {"specimen": {"reference": reference}}
    return swab(**named, **told)


@pytest.mark.parametrize("effective", [RELEASED, None])
@pytest.mark.parametrize("form", [bundle, ndjson])
def test_the_specimen_says_when_it_was_taken(
    tmp_path: Path, effective: str | None, form: Any
) -> None:
    some = [result(effectiveDateTime=effective), patient(), specimen()]
    assert read(tmp_path, form(*some)) == [AT]
    assert read(tmp_path, form(*reversed(some))) == [AT]


def test_a_result_is_as_old_as_its_specimen(tmp_path: Path) -> None:
    old = specimen(collection={"collectedDateTime": "2026-11-17T09:00:00+05:00"})
    assert read(tmp_path, bundle(patient(), old, result())) == ["too_old"]


@pytest.mark.parametrize(
    ("collection", "expected"),
    [
        ({"collectedPeriod": {"start": TAKEN, "end": RELEASED}}, AT),
        ({"collectedDateTime": "2026-11-19"}, AT - 9 * 3600),
        ({"collectedDateTime": "2026-11"}, "bad_date"),
        ({"collectedDateTime": "2026-11-19T09:00:00"}, "bad_date"),
        ({"collectedDateTime": 7}, "bad_date"),
        ({"collectedDateTime": TAKEN, "collectedPeriod": {"start": TAKEN}}, "bad_date"),
    ],
)
def test_either_form_of_its_time_is_read(
    tmp_path: Path, collection: dict[str, Any], expected: int | str
) -> None:
    for effective in (RELEASED, None):
        some = [specimen(collection=collection), result(effectiveDateTime=effective)]
        assert read(tmp_path, bundle(patient(), *some)) == [expected]


@pytest.mark.parametrize(
    "resource",
    [
        specimen(collection=None),
        specimen(collection={"collectedPeriod": {"end": TAKEN}}),
        specimen("s2"),
    ],
)
def test_without_it_the_result_s_own_time_counts_and_the_release_never(
    tmp_path: Path, resource: dict[str, Any]
) -> None:
    own = int(datetime.fromisoformat(RELEASED).timestamp())
    assert read(tmp_path, bundle(patient(), resource, result())) == [own]
    untimed = result(effectiveDateTime=None)
    assert read(tmp_path, bundle(patient(), resource, untimed)) == ["no_sampling_time"]


@pytest.mark.parametrize(
    "some",
    [
        [specimen(status="entered-in-error")],
        [specimen(modifierExtension=[{"url": "urn:x"}])],
        [specimen(), specimen(collection={"collectedDateTime": RELEASED})],
    ],
)
def test_a_specimen_that_says_nothing_sure_leaves_no_time(
    tmp_path: Path, some: list[dict[str, Any]]
) -> None:
    for effective in (RELEASED, None):
        found = read(tmp_path, bundle(patient(), *some, result(effectiveDateTime=effective)))
        assert found == ["no_sampling_time"]


def test_a_specimen_is_found_like_a_person(tmp_path: Path) -> None:
    server, uuid = "https://lab.example/fhir", "urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0"
    number = {"system": "urn:tube", "value": "A7"}
    named = [specimen(accessionIdentifier=number), specimen(identifier=[number])]
    by_number = result(None, specimen={"identifier": number})
    inside = result("#t") | {"contained": [specimen("t")]}
    for entries in (
        [{"fullUrl": uuid, "resource": specimen()}, {"resource": result(uuid)}],
        [
            {"fullUrl": f"{server}/Specimen/s1", "resource": specimen()},
            {"fullUrl": "https://other.example/fhir/Specimen/s1", "resource": specimen("s1", x=1)},
            {"fullUrl": f"{server}/Observation/1", "resource": result()},
        ],
        [{"resource": inside}],
        *([{"resource": one}, {"resource": by_number}] for one in named),
    ):
        assert read(tmp_path, bundle(entry=[{"resource": patient()}, *entries])) == [AT]


def test_the_newest_version_of_a_specimen_counts(tmp_path: Path) -> None:
    old = specimen(meta={"versionId": "1"}, collection={"collectedDateTime": RELEASED})
    new = specimen(meta={"versionId": "2"})
    for some in ([old, new], [new, old]):
        assert read(tmp_path, bundle(patient(), *some, result())) == [AT]


def test_specimens_and_patients_are_no_rows(tmp_path: Path) -> None:
    path = tmp_path / "export"
    path.write_text(bundle(patient(), specimen(), result()))
    rows = read_export(path, policy=POLICY, now=NOW)
    assert len(list(rows)) == 1
    assert rows.others == 2


@given(seed=st.randoms(use_true_random=False), as_lines=st.booleans())
def test_the_order_of_a_file_does_not_matter(tmp_path: Path, seed: Random, as_lines: bool) -> None:
    some = [patient(), patient("2"), specimen(), specimen("s2", collection=None)]
    some += [result(), result("Specimen/s2"), result("Specimen/s2", effectiveDateTime=None)]
    form = ndjson if as_lines else bundle
    shuffled = seed.sample(some, len(some))
    own = int(datetime.fromisoformat(RELEASED).timestamp())
    assert sorted(map(str, read(tmp_path, form(*shuffled)))) == sorted(
        [str(AT), str(own), "no_sampling_time"]
    )
