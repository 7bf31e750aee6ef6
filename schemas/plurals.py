"""The forms that a word takes after a number, by the categories of Unicode CLDR.

Source: Unicode CLDR 48, supplemental data, ``plurals.xml``, cardinal rules for kk, ru and en
(https://www.unicode.org/cldr/charts/latest/supplemental/language_plural_rules.html). The venue's
page asks ``Intl.PluralRules``, which has the same table.

>>> [category(number, Language.RU).value for number in (1, 2, 5, 11, 21)]
['one', 'few', 'many', 'many', 'one']
"""

from enum import StrEnum

from schemas.languages import Language


class Category(StrEnum):
    """A name of one form; it ends the name of the sentence that has it."""

    ONE = "one"
    FEW = "few"
    MANY = "many"
    OTHER = "other"


CATEGORIES: dict[Language, tuple[Category, ...]] = {
    Language.KK: (Category.ONE, Category.OTHER),
    Language.RU: tuple(Category),
    Language.EN: (Category.ONE, Category.OTHER),
}
"""What each language tells apart. In Russian ``other`` is for fractions."""


def category(number: int, language: Language) -> Category:
    """The form for a whole number, which is not negative."""
    if language is Language.RU:
        return _russian(number)
    return Category.ONE if number == 1 else Category.OTHER


def _russian(number: int) -> Category:
    last, last_two = number % 10, number % 100
    if last == 1 and last_two != 11:
        return Category.ONE
    if 2 <= last <= 4 and not 12 <= last_two <= 14:
        return Category.FEW
    return Category.MANY
