"""How hours and warnings are said."""

from datetime import UTC
from zoneinfo import ZoneInfo

from issuer.notices.words import say_span, spans, warning_texts
from schemas.hours import begin_of
from schemas.languages import Language

ALMATY = ZoneInfo("Asia/Almaty")
NOON = 492_703
"""The hour that begins on 2026-03-17 at 07:00 UTC, noon in Almaty."""


def test_hours_that_follow_each_other_are_one_span() -> None:
    hours = [NOON + 1, NOON, NOON + 5, NOON + 2, NOON]
    assert spans(hours) == [
        (begin_of(NOON), begin_of(NOON + 3)),
        (begin_of(NOON + 5), begin_of(NOON + 6)),
    ]
    assert spans([]) == []


def test_a_span_names_a_second_date_only_where_there_is_one() -> None:
    [day], [night] = spans([NOON, NOON + 1]), spans(range(NOON + 10, NOON + 14))
    assert say_span(day, ALMATY) == "2026-03-17 12:00 – 14:00"
    assert say_span(day) == "2026-03-17 07:00 – 09:00"
    assert say_span(night, ALMATY) == "2026-03-17 22:00 – 2026-03-18 02:00"


def test_an_hour_in_which_clocks_go_back_is_told_as_people_see_it() -> None:
    """In Berlin 2026-10-25 has two hours from 02:00 to 03:00."""
    [span] = spans(range(498_264, 498_267))
    assert say_span(span, UTC) == "2026-11-04 00:00 – 03:00"
    [span] = spans(range(498_024, 498_027))
    assert say_span(span, UTC) == "2026-10-25 00:00 – 03:00"
    assert say_span(span, ZoneInfo("Europe/Berlin")) == "2026-10-25 02:00 – 04:00"


def test_a_warning_has_a_line_of_time_and_one_of_advice_in_each_language() -> None:
    texts = warning_texts([NOON, NOON + 4], ALMATY)
    assert set(texts) == set(Language)
    for text in texts.values():
        title, advice = text.split("\n")
        assert title.endswith("2026-03-17 12:00 – 2026-03-17 17:00")
        assert len(advice) > 200
