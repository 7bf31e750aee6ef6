"""The languages of everything that people read."""

from collections.abc import Mapping
from enum import StrEnum


class Language(StrEnum):
    KK = "kk"
    RU = "ru"
    EN = "en"


def fill(texts: Mapping[str, str], language: Language, values: Mapping[str, int]) -> str:
    """The text in ``language`` with its ``{placeholders}`` filled."""
    return texts[language].format_map(values)
