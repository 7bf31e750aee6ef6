"""How many people look alike, and what is too few."""

import pytest

from issuer.rules.cells import cell_size, cells_warning, smallest_cell
from issuer.rules.policy import MOST_PEOPLE, Policy, default_policy_text, parse_policy
from schemas.hints import HintForm
from shell.errors import CommandError


def policy(people: int | None, statuses: int = 2) -> Policy:
    text = default_policy_text()
    if statuses == 1:
        head, _, rest = text.partition('[[statuses]]\nid = "blue"')
        text = head + rest.partition("\n\n")[2]
        text = text.replace('["green", "blue"]', '["green"]').replace('"blue"', '"green"')
    if people is not None:
        text = text.replace("# people = 1000000", f"people = {people}")
    parsed = parse_policy(text)
    assert len(parsed.statuses) == statuses
    return parsed


def refusal(people: int, form: HintForm, statuses: int = 2) -> str:
    with pytest.raises(CommandError) as caught:
        cells_warning(policy(people, statuses), form)
    assert "\n" not in caught.value.message
    return caught.value.message


@pytest.mark.parametrize(
    ("form", "size"), [(HintForm.NONE, 730_500), (HintForm.MONTH, 56_500), (HintForm.DAY, 500)]
)
def test_the_smallest_cell_is_that_of_the_rarest_hint(form: HintForm, size: int) -> None:
    assert smallest_cell(policy(1_461_000), form) == size


@pytest.mark.parametrize(
    ("hint", "size"), [(None, 1461), ("02", 113), ("12", 124), ("03-17", 4), ("02-29", 1)]
)
def test_a_cell_has_the_people_of_its_days(hint: str | None, size: int) -> None:
    assert cell_size(policy(1_461, statuses=1), hint) == size


@pytest.mark.parametrize("form", HintForm)
def test_where_nobody_said_how_many_there_are_it_is_only_asked_for(form: HintForm) -> None:
    assert smallest_cell(policy(None), form) is None
    assert "add people = N" in (cells_warning(policy(None), form) or "")


@pytest.mark.parametrize(
    ("form", "least", "enough"),
    [
        (HintForm.NONE, 200, 2_000),
        (HintForm.MONTH, 2_586, 25_859),
        (HintForm.DAY, 292_200, 2_922_000),
    ],
)
def test_under_100_is_refused_and_under_1000_warned_of(
    form: HintForm, least: int, enough: int
) -> None:
    assert "only about 99 have passes that look alike, under 100" in refusal(least - 1, form)
    for people in (least, enough - 1):
        assert ", under 1000: " in (cells_warning(policy(people), form) or "")
    assert cells_warning(policy(enough), form) is None


def test_a_refusal_names_the_next_coarser_hint_that_is_enough() -> None:
    assert refusal(20_000, HintForm.DAY).endswith(": take a coarser hint: init --hint month (773)")
    assert refusal(1_000, HintForm.MONTH).endswith(": take a coarser hint: init --hint none (500)")
    both = "init --hint month (38), init --hint none (500)"
    assert refusal(1_000, HintForm.DAY).endswith(f": take a coarser hint: {both}")


def test_a_refusal_says_what_to_do_where_no_hint_is_coarse_enough() -> None:
    ways = "have fewer statuses, or one authority for many places"
    assert refusal(199, HintForm.NONE).endswith(f"under 100: no hint is coarser; {ways}")
    assert refusal(150, HintForm.DAY).endswith(
        "coarser hints are not enough either: init --hint month (5), init --hint none (75); " + ways
    )
    alone = refusal(99, HintForm.NONE, statuses=1)
    assert alone.endswith("no hint is coarser; have one authority for many places")


def test_a_group_of_nobody_is_said_in_words() -> None:
    assert refusal(2_000, HintForm.DAY).startswith(
        "of 2000 people fewer than one would have passes that look alike, under 100: "
    )


def test_all_people_that_there_are_can_be_said() -> None:
    assert cells_warning(policy(MOST_PEOPLE), HintForm.DAY) is None


@pytest.mark.parametrize(
    "people", ["0", "-1", "2.0", "1e3", "true", '"many"', "nan", f"{MOST_PEOPLE + 1}", "[1]"]
)
def test_what_is_no_number_of_people_is_refused(people: str) -> None:
    text = default_policy_text().replace("# people = 1000000", f"people = {people}")
    with pytest.raises(CommandError) as caught:
        parse_policy(text)
    assert caught.value.message == (
        "policy.toml: people must be a whole number from 1 to 10000000000"
    )


def test_a_number_that_python_does_not_read_is_one_line() -> None:
    text = default_policy_text().replace("# people = 1000000", f"people = {'9' * 5_000}")
    with pytest.raises(CommandError, match="has a number that is too long"):
        parse_policy(text)
