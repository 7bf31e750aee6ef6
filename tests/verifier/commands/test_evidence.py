"""``qupia-verifier evidence``: what proves that an authority says different things to people."""

import json
import stat
from pathlib import Path

import pytest

from schemas.trust import bundle_digest, read_bundle
from tests.support.commands import Run, complaint
from tests.support.world import NOON, World


@pytest.fixture
def offered(device: Run, world: World, tmp_path: Path) -> bytes:
    """Another bundle of the version that the device holds, which it refused."""
    data, path = world.bundle(NOON + 1, version=1), tmp_path / "other.jws"
    path.write_bytes(data)
    assert complaint(device("import", path), status=1).endswith("(Q46)")
    return data


def test_a_device_that_saw_nothing_wrong_has_no_evidence(device: Run) -> None:
    result = device("evidence", "--json")
    assert (result.status, result.members) == (0, {"pairs": []})
    assert device("evidence").out == "No bundles that contradict each other were seen.\n"


def test_a_pair_has_both_bundles_as_they_were_signed(
    device: Run, offered: bytes, bundle_file: Path
) -> None:
    [pair] = device("evidence", "--json").members["pairs"]
    assert pair["fault"] == "split_view"
    assert pair["held"] == bundle_file.read_text().strip()
    assert pair["offered"] == offered.decode().strip()


def test_a_person_reads_what_is_proved_and_how_both_bundles_are_found(
    device: Run, world: World, offered: bytes, bundle_file: Path
) -> None:
    lines = device("evidence").out.splitlines()
    digests = [
        bundle_digest(read_bundle(data, anchor=world.pin).jws)
        for data in (bundle_file.read_bytes(), offered)
    ]
    assert [line.strip() for line in lines[-2:]] == digests


def test_a_file_of_evidence_is_new_and_its_owner_s_alone(
    device: Run, offered: bytes, tmp_path: Path
) -> None:
    path = tmp_path / "evidence.json"
    device("evidence", "--out", path)
    assert json.loads(path.read_bytes()) == device("evidence", "--json").members
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert "is never overwritten" in complaint(device("evidence", "--out", path))


def test_the_status_says_that_there_is_evidence(device: Run, offered: bytes) -> None:
    assert device("status", "--json").members["evidence"] == 1
    assert "qupia-verifier evidence" in device("status").out


def test_a_device_that_has_evidence_goes_on_admitting(
    device: Run, world: World, offered: bytes
) -> None:
    assert device("scan", world.code(NOON)).status == 0
