import pytest

from schemas.hints import HintForm, all_hints, hint_of_birthday, is_birthday


@pytest.mark.parametrize(
    ("form", "count", "first", "last"),
    [
        (HintForm.NONE, 1, None, None),
        (HintForm.MONTH, 12, "01", "12"),
        (HintForm.DAY, 366, "01-01", "12-31"),
    ],
)
def test_a_form_has_all_its_hints_once_and_in_order(
    form: HintForm, count: int, first: str | None, last: str | None
) -> None:
    hints = all_hints(form)
    assert len(hints) == len(set(hints)) == count
    assert (hints[0], hints[-1]) == (first, last)


def test_the_29th_of_february_is_a_birthday_and_the_30th_is_not() -> None:
    assert is_birthday("02-29")
    assert not is_birthday("02-30")
    assert not is_birthday("2-9")


@pytest.mark.parametrize(
    ("form", "hint"), [(HintForm.NONE, None), (HintForm.MONTH, "03"), (HintForm.DAY, "03-17")]
)
def test_only_the_bundles_hint_is_kept_of_a_birthday(form: HintForm, hint: str | None) -> None:
    assert hint_of_birthday("03-17", form) == hint


def test_no_birthday_is_needed_where_there_are_no_hints() -> None:
    assert hint_of_birthday(None, HintForm.NONE) is None


@pytest.mark.parametrize("birthday", [None, "", "13-01", "02-30", "1990-03-17"])
def test_a_birthday_is_a_month_and_a_day(birthday: str | None) -> None:
    with pytest.raises(ValueError, match="MM-DD"):
        hint_of_birthday(birthday, HintForm.MONTH)
