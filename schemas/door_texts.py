"""What a door says of a verdict, besides the reasons of :mod:`schemas.refusals`.

The venue's command and its web page read the same catalogue.

>>> check_id("03", Language.EN), check_id("03-17", Language.RU)
('check ID: born in March', 'проверьте документ: день рождения — 17 марта')
"""

from schemas.catalogues import sentence
from schemas.languages import Language
from schemas.refusals import Outcome

_SIGNS = {Outcome.ADMIT: "✓", Outcome.REFUSE: "✗", Outcome.CANNOT_CHECK: "?"}


def headline(outcome: Outcome, language: Language) -> str:
    """Sign and word of an outcome, so that it is never told by colour alone."""
    return f"{_SIGNS[outcome]} {sentence(f'outcome_{outcome}', language)}"


def check_id(holder: str, language: Language) -> str:
    """What staff look for in an ID; ``holder`` is ``"03"`` or ``"03-17"``."""
    month, _, day = holder.partition("-")
    form = "day" if day else "month"
    name = sentence(f"born_{form}_{month}", language)
    return sentence(f"check_id_{form}", language, month=name, day=int(day or "0"))
