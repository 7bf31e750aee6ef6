"""How warnings are said."""

from zoneinfo import ZoneInfo

from issuer.notices.words import warning_texts
from schemas.languages import Language

ALMATY = ZoneInfo("Asia/Almaty")
NOON = 492_703
"""The hour that begins on 2026-03-17 at 07:00 UTC, noon in Almaty."""

SHOWN = {
    Language.KK: "2026 ж. 17 наурыз, 12:00 – 2026 ж. 17 наурыз, 17:00",
    Language.RU: "17 марта 2026 г., 12:00 – 17 марта 2026 г., 17:00",
    Language.EN: "17 March 2026, 12:00 – 17 March 2026, 17:00",
}


def test_a_warning_has_a_line_of_time_and_one_of_advice_in_each_language() -> None:
    texts = warning_texts([NOON, NOON + 4], ALMATY)
    assert set(texts) == set(Language)
    for language, text in texts.items():
        title, advice = text.split("\n")
        assert title.endswith(SHOWN[language])
        assert len(advice) > 200
