"""What people read: a catalogue is one flat file a language, of names and sentences.

A sentence that counts has one form for each category that its language tells apart, and the
category ends its name: ``period_days_one``, ``period_days_other``. The number is always
``{count}``. Tools for translators read such files as i18next's JSON.

>>> [sentence("period_days", Language.RU, count=number) for number in (1, 3, 14)]
['1 день', '3 дня', '14 дней']
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from schemas.languages import Language
from schemas.plurals import Category, category
from schemas.resources import load_json


@dataclass(frozen=True, repr=False)
class Catalogue:
    """The sentences of one part of the system, by language and name."""

    texts: Mapping[Language, Mapping[str, str]]

    def knows(self, name: str) -> bool:
        """Whether there is a sentence ``name``; one that counts is known by its plain name."""
        texts = self.texts[Language.EN]
        return name in texts or f"{name}_{Category.OTHER}" in texts

    def say(self, name: str, language: Language, /, **values: object) -> str:
        """The sentence ``name`` with its ``{placeholders}`` filled; raises KeyError.

        What can be spelt in a language is spelt in this one.
        """
        values = {key: spelt(value, language) for key, value in values.items()}
        texts = self.texts[language]
        if name not in texts:
            name = f"{name}_{category(_count(values), language)}"
        return texts[name].format_map(values)


@runtime_checkable
class Spelt(Protocol):
    """A value that each language writes in its own way, such as a date."""

    def spelt(self, language: Language) -> str: ...


def spelt(value: object, language: Language) -> object:
    """``value`` as the language writes it, or as it is."""
    return value.spelt(language) if isinstance(value, Spelt) else value


def _count(values: Mapping[str, object]) -> int:
    count = values["count"]
    if not isinstance(count, int):
        raise TypeError("what is counted is a whole number")
    return count


def load_catalogue(package: str) -> Catalogue:
    """The catalogue in the folder ``texts`` of a package."""
    return Catalogue({one: load_json(f"texts/{one}.json", package) for one in Language})


sentence = load_catalogue("schemas").say
"""A sentence that several programs say: verdicts, faults, warnings, facts about keys and clocks."""
