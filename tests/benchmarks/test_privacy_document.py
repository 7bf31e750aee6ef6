"""The tables of docs/privacy.md are those of docs/privacy.json, which has what it must reach."""

from dataclasses import asdict
from typing import Any

import pytest

from benchmarks.privacy import document
from benchmarks.privacy.channels import CHANNELS
from benchmarks.privacy.controls import PLANTED
from benchmarks.privacy.parameters import Parameters
from benchmarks.privacy.systems import MEASURES, NAMES

REPORT = document.load()


def rows(part: str, **known: str) -> list[dict[str, Any]]:
    """The rows of a part that have these members, at least one."""
    found = [row for row in REPORT[part] if known.items() <= row.items()]
    assert found
    return found


def test_the_tables_are_those_of_the_figures() -> None:
    text = document.DOCUMENT.read_text(encoding="utf-8")
    assert document.renewed(text, REPORT) == text, "run: make docs"


def test_a_document_without_a_place_for_a_table_is_refused() -> None:
    with pytest.raises(ValueError, match="no place for the table short"):
        document.renewed("", REPORT)


def test_the_figures_are_of_the_town_that_is_measured_by_default() -> None:
    assert REPORT["town"] == asdict(Parameters())


def test_every_system_measure_channel_and_control_is_there() -> None:
    found = [(row["design"], row["measure"]) for row in REPORT["designs"]]
    assert found == [(name, measure) for name in NAMES for measure in MEASURES]
    assert {row["channel"] for row in REPORT["channels"]} == set(CHANNELS)
    assert [row["planted"] for row in REPORT["controls"]] == list(PLANTED)


@pytest.mark.parametrize("hint", ["none", "month", "day"])
def test_a_single_pass_that_was_fetched_ahead_is_named_as_often_as_by_chance(hint: str) -> None:
    [row] = rows("designs", design=f"qupia_{hint}", measure="pass_to_person")
    assert row["low"] <= row["guessing"] <= row["high"]


def test_a_camera_that_sees_every_change_names_nobody_much_better() -> None:
    seen = [row for row in rows("channels", channel="change") if "to person" in row["scenario"]]
    assert len(seen) == 3
    assert all(row["success"] <= 4 * row["guessing"] for row in seen)


def test_an_issuer_has_five_marks_at_most() -> None:
    assert all(row["bits"] <= 2.4 for row in rows("channels", channel="clock_mark"))
    assert REPORT["wire"]["marks"] <= 5


def test_nothing_but_the_pass_itself_speaks_where_nothing_is_imitated() -> None:
    assert REPORT["wire"]["lengths_differ"] == 0
    assert REPORT["wire"]["iat_follows_phone"] is False
    assert REPORT["wire"]["requests_per_day_withdrawn"] <= 2
    assert REPORT["wire"]["first_request_after_start_s"] >= 600


def test_who_asks_at_home_the_evening_before_is_hard_to_find() -> None:
    [row] = rows("channels", channel="open_fetch", scenario="open share 1, now share 0")
    assert row["success"] <= 0.03


def test_what_is_closed_is_no_better_than_chance() -> None:
    closed = rows("channels", state="closed")
    assert {row["channel"] for row in closed} == {"iat", "lengths", "beacon"}
    assert all(row["low"] <= row["guessing"] <= row["high"] for row in closed)


def test_every_detector_finds_what_is_planted_and_nothing_else() -> None:
    assert all(row["found"] and row["without"]["within"] for row in REPORT["controls"])


@pytest.mark.parametrize(
    ("value", "text"), [(1.0, "100 %"), (0.4868, "49 %"), (0.03, "3.0 %"), (0.00131, "0.13 %")]
)
def test_shares_have_two_digits_that_say_something(value: float, text: str) -> None:
    assert document.share(value) == text
