"""What people read on their phone when they are warned, in three languages.

The authority's officers see the same words before they publish the hours.

>>> title(Language.EN, begins="20.03.2026 12:05", ends="20.03.2026 13:00")
'Possible contact with an infection: 20.03.2026 12:05 – 20.03.2026 13:00'
"""

from schemas.languages import Language
from schemas.resources import load_json

_TEXTS = load_json("notice_texts.json")


def title(language: Language, *, begins: str, ends: str) -> str:
    """One line; ``begins`` and ``ends`` are local times as the reader of it is used to them."""
    return str(_TEXTS["title"][language].format(begins=begins, ends=ends))


def advice(language: Language) -> str:
    """What to do; it is the same for everyone who is warned."""
    return str(_TEXTS["advice"][language])
