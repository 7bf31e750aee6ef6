"""How warnings are said."""

from zoneinfo import ZoneInfo

from issuer.notices.words import warning_texts
from schemas.languages import Language

ALMATY = ZoneInfo("Asia/Almaty")
NOON = 492_703
"""The hour that begins on 2026-03-17 at 07:00 UTC, noon in Almaty."""


def test_a_warning_has_a_line_of_time_and_one_of_advice_in_each_language() -> None:
    texts = warning_texts([NOON, NOON + 4], ALMATY)
    assert set(texts) == set(Language)
    for text in texts.values():
        title, advice = text.split("\n")
        assert title.endswith("2026-03-17 12:00 – 2026-03-17 17:00")
        assert len(advice) > 200
