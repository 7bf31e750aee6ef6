"""What a door says besides the reasons of :mod:`schemas.refusals`, in three languages.

The venue's command and its web page read the same file.

>>> check_id("03", Language.EN), check_id("03-17", Language.RU)
('check ID: born in March', 'проверьте документ: день рождения — 17 марта')
"""

from schemas.languages import Language
from schemas.refusals import Outcome
from schemas.resources import load_json

_TEXTS = load_json("door_texts.json")


def headline(outcome: Outcome, language: Language) -> str:
    """Sign and word of an outcome, so that it is never told by colour alone."""
    texts = _TEXTS["outcomes"][outcome]
    return f"{texts['sign']} {texts[language]}"


def paper_mark(language: Language) -> str:
    """The word that marks a pass on paper."""
    return str(_TEXTS["paper"]["mark"][language])


def check_id(holder: str, language: Language) -> str:
    """What staff look for in an ID; ``holder`` is ``"03"`` or ``"03-17"``."""
    month, _, day = holder.partition("-")
    form = "day" if day else "month"
    name = _TEXTS["months"][form][language][int(month) - 1]
    return str(_TEXTS["check_id"][form][language].format(month=name, day=int(day or "0")))


def sentence(name: str, language: Language, **values: object) -> str:
    """The sentence ``name`` of the file with its ``{placeholders}`` filled; raises KeyError."""
    return str(_TEXTS["sentences"][name][language].format_map(values))
