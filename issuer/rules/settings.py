"""Reading one table of a settings file strictly: each fault names the setting and what to do."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn, Self

from schemas.languages import Language
from shell.errors import CommandError

Words = Mapping[str, str]
"""One text in each language: ``{"kk": …, "ru": …, "en": …}``."""

LONGEST_TEXT = 200
"""The bundle's JSON Schema allows no longer text, in characters."""

IDENTIFIER = re.compile(r"[a-z][a-z0-9_-]{0,31}\Z")
"""What names a status, a policy or a kind of evidence, in the bundle and the API."""

IDENTIFIER_FORM = "1 to 32 characters of a-z, 0-9, _ and -, a letter first"


def is_text(value: object) -> bool:
    """Whether ``value`` can be shown as one line of text: 1 to 200 printable characters."""
    if not isinstance(value, str):
        return False
    return bool(value.strip()) and len(value) <= LONGEST_TEXT and value.isprintable()


@dataclass(frozen=True)
class Section:
    """One TOML table and its place in the file, such as ``evidence.positive``.

    Every method raises CommandError when the setting is missing or has another form.
    """

    values: Mapping[str, Any]
    place: str = ""

    def only(self, *known: str) -> Self:
        """Refuse members that are not known, so that a typing error is never ignored silently."""
        for key in self.values:
            if key not in known:
                raise CommandError(
                    f"policy.toml: {self._name(key)} is not a setting; "
                    f"correct its name (known here: {', '.join(known)}) or remove it"
                )
        return self

    def refuse(self, key: str, form: str) -> NoReturn:
        """Raise CommandError that says what ``key`` must be."""
        raise CommandError(f"policy.toml: {self._name(key)} must be {form}")

    def over(self, default: "Section") -> "Section":
        """These members, and those of ``default`` that are not among them."""
        return Section({**default.values, **self.values}, self.place)

    def whole(self, key: str, *, low: int, high: int) -> int:
        """A whole number from ``low`` to ``high``."""
        value = self.values.get(key)
        # Python counts True as the number 1; a policy does not.
        if type(value) is not int or not low <= value <= high:
            self.refuse(key, f"a whole number from {low} to {high}")
        return value

    def choice(self, key: str, options: Sequence[Any]) -> Any:
        """One of ``options``, of the same type."""
        value = self.values.get(key)
        if not any(type(value) is type(option) and value == option for option in options):
            self.refuse(key, f"one of {', '.join(repr(option) for option in options)}")
        return value

    def text(self, key: str, *, pattern: re.Pattern[str], form: str) -> str:
        """A text that ``pattern`` matches; ``form`` describes it to a person."""
        value = self.values.get(key)
        if not isinstance(value, str) or not pattern.match(value):
            self.refuse(key, form)
        return value

    def identifier(self, key: str) -> str:
        return self.text(key, pattern=IDENTIFIER, form=IDENTIFIER_FORM)

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of one or more different texts."""
        value = self.values.get(key)
        if not isinstance(value, list) or not value or not all(map(is_text, value)):
            self.refuse(key, f"a list of one or more texts of at most {LONGEST_TEXT} characters")
        if len(set(value)) != len(value):
            self.refuse(key, "a list without repetitions")
        return tuple(value)

    def words(self, key: str) -> Words:
        """One text in each language."""
        languages = [str(language) for language in Language]
        section = self.section(key).only(*languages)
        for language in languages:
            if not is_text(section.values.get(language)):
                section.refuse(language, f"a text of 1 to {LONGEST_TEXT} printable characters")
        return {language: section.values[language] for language in languages}

    def section(self, key: str) -> "Section":
        """The table under ``key``."""
        value = self.values.get(key)
        if not isinstance(value, dict):
            self.refuse(key, "a table")
        return Section(value, self._name(key))

    def sections(self, key: str, *, most: int) -> "list[Section]":
        """The tables of the list under ``key``, one to ``most`` of them."""
        value = self.values.get(key)
        if not isinstance(value, list) or not 1 <= len(value) <= most:
            self.refuse(key, f"a list of 1 to {most} tables")
        if not all(isinstance(entry, dict) for entry in value):
            self.refuse(key, "a list of tables")
        return [Section(entry, f"{self._name(key)}[{n}]") for n, entry in enumerate(value, 1)]

    def named_sections(self) -> "dict[str, Section]":
        """All members, each a table under an identifier."""
        for key in self.values:
            if not IDENTIFIER.match(key):
                self.refuse(key, f"named with {IDENTIFIER_FORM}")
        return {key: self.section(key) for key in self.values}

    def _name(self, key: str) -> str:
        # A key may hold anything, line ends included; what a person reads is one line.
        shown = key if IDENTIFIER.match(key) else repr(key)
        return f"{self.place}.{shown}" if self.place else shown
