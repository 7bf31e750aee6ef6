"""The document about what is kept is the table in the code."""

from pathlib import Path

import pytest

from schemas.data_map import data_map
from schemas.kinds import DAY, HELD_ELSEWHERE, HOUR, MINUTE, STORED_KINDS, TRACING_PERIOD, Kind
from schemas.periods import period_text

DOCUMENT = Path(__file__).parents[2] / "docs" / "data-map.md"


def test_the_document_is_what_the_table_gives() -> None:
    assert DOCUMENT.read_text(encoding="utf-8") == data_map(), "run: make docs"


def test_every_kind_and_everything_held_elsewhere_has_a_row() -> None:
    rows = [line.split(" | ")[0].removeprefix("| ") for line in data_map().splitlines()]
    for kind in STORED_KINDS:
        assert rows.count(f"`{kind}`") == 1
    for entry in HELD_ELSEWHERE:
        assert rows.count(entry.name) == 1


def test_every_row_of_a_table_has_as_many_cells_as_its_header() -> None:
    lines = [line for line in data_map().splitlines() if line.startswith("|")]
    widths = {line.replace("\\|", "").count("|") for line in lines}
    assert widths == {8, 5}


def test_all_that_belongs_to_a_date_of_presence_tracing_dies_together() -> None:
    dies = {entry.name: entry.dies for entry in HELD_ELSEWHERE}
    assert {dies[name] for name in ("visits", "venue seeds", "tracing seeds")} == {
        f"{TRACING_PERIOD // DAY} d after that date began"
    }
    assert STORED_KINDS[Kind.NOTICE].longest == TRACING_PERIOD


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(10 * MINUTE, "10 min"), (HOUR, "1 h"), (3 * DAY, "72 h"), (4 * DAY, "4 days")],
)
def test_a_period_is_told_in_the_unit_that_people_use(seconds: int, text: str) -> None:
    assert period_text(seconds) == text
