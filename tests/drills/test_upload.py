"""A large export is uploaded into a process of its own; 100,000 rows in ``make drill``."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from benchmarks.intake import MOST_MEGABYTES, bundle, table, upload
from schemas.kinds import DAY
from tests.support.issuers import Foundry
from tests.support.lab_export import NOW
from tests.support.statements import begin_with_sunset

ROWS = 100_000 if os.environ.get("QUPIA_DRILL") == "full" else 1_000


@pytest.mark.parametrize("lines", [table, bundle])
def test_a_large_upload_becomes_codes_within_its_memory(
    tmp_path: Path, lines: Callable[[int, int], Iterator[str]]
) -> None:
    service = Foundry(tmp_path).copy(tmp_path / "issuer")
    begin_with_sunset(service, NOW + 30 * DAY)
    service.close()
    export = tmp_path / "export"
    export.write_text("".join(lines(ROWS, NOW)))
    told = upload(service.home.path, export, NOW)
    assert (told["codes"], told["rejected"], told["fault"]) == (ROWS, 0, None)
    assert told["peak"] <= MOST_MEGABYTES
