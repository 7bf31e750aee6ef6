"""The folder of pairs of bundles that contradict each other."""

import json
import stat
from pathlib import Path

import pytest

from schemas.bundle_faults import BundleFault
from schemas.evidence import MOST_PAIRS, EvidencePair
from schemas.languages import Language
from schemas.trust import bundle_digest
from shell.errors import CommandError
from shell.evidence import (
    answer_evidence,
    evidence_line,
    evidence_members,
    keep_evidence,
    load_evidence,
)


def pair(number: int = 0, fault: BundleFault = BundleFault.SPLIT_VIEW) -> EvidencePair:
    return EvidencePair(fault, "a.b.c\n\nproof\n", f"a.b.{number}\n\nproof\n")


def test_nothing_is_kept_at_first(tmp_path: Path) -> None:
    assert load_evidence(tmp_path / "evidence") == []


def test_a_pair_is_kept_for_its_owner_alone_and_comes_back(tmp_path: Path) -> None:
    folder = tmp_path / "evidence"
    keep_evidence(folder, pair())
    assert load_evidence(folder) == [pair()]
    [path] = folder.iterdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_the_same_pair_again_is_one(tmp_path: Path) -> None:
    for _ in range(3):
        keep_evidence(tmp_path / "evidence", pair())
    assert load_evidence(tmp_path / "evidence") == [pair()]


def test_newer_proofs_of_the_same_bundles_make_no_other_pair(tmp_path: Path) -> None:
    newer = EvidencePair(BundleFault.SPLIT_VIEW, "a.b.c\n\nnewer\n", "a.b.0\n\nnewer\n")
    for one in (pair(), newer):
        keep_evidence(tmp_path / "evidence", one)
    assert len(load_evidence(tmp_path / "evidence")) == 1


def test_an_issuer_that_lies_often_cannot_fill_a_disk(tmp_path: Path) -> None:
    pairs = [pair(number) for number in range(MOST_PAIRS + 3)]
    for one in pairs:
        keep_evidence(tmp_path / "evidence", one)
    kept = load_evidence(tmp_path / "evidence")
    assert sorted(one.offered for one in kept) == [one.offered for one in pairs[:MOST_PAIRS]]


def test_a_pair_is_named_by_its_bundles_without_their_proofs() -> None:
    assert pair().digests == (bundle_digest(b"a.b.c"), bundle_digest(b"a.b.0"))
    assert len(pair().name) == 22
    assert pair().name != pair(1).name


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"fault": "expired"}'])
def test_a_damaged_pair_is_told(tmp_path: Path, content: str) -> None:
    keep_evidence(tmp_path / "evidence", pair())
    [path] = (tmp_path / "evidence").iterdir()
    path.write_text(content)
    with pytest.raises(CommandError) as error:
        load_evidence(tmp_path / "evidence")
    assert error.value.message == f"{path} is damaged; remove it"


def test_what_is_handed_on_says_nothing_but_the_bundles_and_the_fault() -> None:
    members = evidence_members([pair()])
    assert members == {
        "pairs": [{"fault": "split_view", "held": pair().held, "offered": pair().offered}]
    }


def test_a_file_of_evidence_is_written_once(tmp_path: Path) -> None:
    out = tmp_path / "pairs.json"

    def write() -> None:
        answer_evidence([pair()], out=out, as_json=True, language=Language.EN)

    write()
    assert json.loads(out.read_bytes()) == evidence_members([pair()])
    with pytest.raises(CommandError, match="is never overwritten"):
        write()


@pytest.mark.parametrize("language", Language)
def test_a_person_reads_what_each_pair_proves(
    language: Language, capsys: pytest.CaptureFixture[str]
) -> None:
    faults = (BundleFault.SPLIT_VIEW, BundleFault.KEYS_REPLACED, BundleFault.LOG_FORKED)
    pairs = [pair(number, fault) for number, fault in enumerate(faults)]
    answer_evidence(pairs, out=None, as_json=False, language=language)
    lines = capsys.readouterr().out.splitlines()
    digests = [digest for one in pairs for digest in one.digests]
    assert [line.strip() for line in lines if line.startswith("  ")] == digests


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("count", [1, 2, 5])
def test_a_status_names_the_command_that_shows_the_pairs(language: Language, count: int) -> None:
    line = evidence_line([pair()] * count, "qupia-verifier evidence", language)
    assert "qupia-verifier evidence" in line
    assert str(count) in line
    assert "{" not in line
