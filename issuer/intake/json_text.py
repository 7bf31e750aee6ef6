"""JSON that may be larger than memory: one array of a top-level object, element by element.

Elements are found by their brackets and quotation marks alone, without recursion; only one is in
memory at a time. What is inside is for ``json`` to read.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from schemas.errors import QupiaError

ELEMENT_LIMIT = 1024 * 1024
"""In characters. A longer element is counted and its text dropped."""

_SPACE = " \t\r\n"
_FLAT = re.compile(r'(?:[^"{}\[\]]++|"(?:[^"\\]++|\\.)*+")*+', re.DOTALL)
_IN_STRING = re.compile(r'(?:[^"\\]++|\\.)*+', re.DOTALL)
_LITERAL = re.compile(r"[^\s,:{}\[\]\"]*+")
_LONGEST_NAME = 256
"""Of a member or a literal, in characters."""


class NotJson(QupiaError, ValueError):
    """What was read is not JSON of the form wanted, or ends in its middle."""


class CutOff(NotJson):
    """The text ends before its value does."""


def parse_json(text: str) -> Any:
    """The value in ``text``; raises NotJson, also for members that are there twice."""
    try:
        return _DECODER.decode(text)
    except (ValueError, RecursionError):
        raise NotJson from None


def _unique(pairs: list[tuple[str, Any]]) -> Mapping[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("two readers could understand two things")
    return members


def _refuse(_constant: str) -> None:
    raise ValueError


_DECODER = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_refuse)


class JsonText:
    """Text that arrives in chunks, read as one top-level object."""

    def __init__(self, chunks: Iterator[str]) -> None:
        self._chunks = chunks
        self._buffer = ""
        self._at = 0

    def members(self) -> Iterator[str]:
        """The names of the object's members.

        Whoever iterates reads each member's value before asking for the next name. Nothing but
        space may follow the object.
        """
        self._expect("{")
        if self._peek() != "}":
            while True:
                name = parse_json(self._whole(_LONGEST_NAME))
                if not isinstance(name, str):
                    raise NotJson
                self._expect(":")
                yield name
                if self._peek() == "}":
                    break
                self._expect(",")
        self._expect("}")
        if self._peek(at_end=True):
            raise NotJson

    def elements(self) -> Iterator[Any]:
        """Each element of the array that comes next; None for one that cannot be read."""
        self._expect("[")
        if self._peek() != "]":
            while True:
                yield self._element()
                if self._peek() == "]":
                    break
                self._expect(",")
        self._expect("]")

    def _element(self) -> Any:
        if self._peek() == "{":
            # Nearly every element is whole in the buffer, and quickest read where it stands.
            try:
                value, self._at = _DECODER.raw_decode(self._buffer, self._at)
            except (ValueError, RecursionError):
                pass
            else:
                return value
        text = self.value(ELEMENT_LIMIT)
        try:
            return None if text is None else parse_json(text)
        except NotJson:
            return None

    def value(self, limit: int) -> str | None:
        """The text of the value that comes next; None when it is longer than ``limit``."""
        kept = _Kept(limit)
        first = self._peek()
        if first in "{[":
            self._nested(kept)
        elif first == '"':
            kept.add(self._take(1))
            self._rest_of_string(kept)
        else:
            self._literal(kept)
        return kept.text()

    def _whole(self, limit: int) -> str:
        text = self.value(limit)
        if text is None:
            raise NotJson
        return text

    def _nested(self, kept: "_Kept") -> None:
        depth = 0
        while True:
            kept.add(self._match(_FLAT))
            if self._at == len(self._buffer):
                self._fill()
                continue
            sign = self._take(1)
            kept.add(sign)
            if sign == '"':  # A string that goes on in the next chunk.
                self._rest_of_string(kept)
                continue
            depth += 1 if sign in "{[" else -1
            if depth == 0:
                return

    def _rest_of_string(self, kept: "_Kept") -> None:
        while True:
            kept.add(self._match(_IN_STRING))
            if self._buffer.startswith('"', self._at):
                kept.add(self._take(1))
                return
            self._fill()

    def _literal(self, kept: "_Kept") -> None:
        while True:
            kept.add(self._match(_LITERAL))
            if self._at < len(self._buffer):
                break
            self._fill()
        if kept.is_empty:
            raise NotJson

    def _expect(self, sign: str) -> None:
        if self._peek() != sign:
            raise NotJson
        self._at += 1

    def _peek(self, *, at_end: bool = False) -> str:
        """The next character that is no space, not yet taken; "" at an end that is allowed."""
        while True:
            while self._at < len(self._buffer) and self._buffer[self._at] in _SPACE:
                self._at += 1
            if self._at < len(self._buffer):
                return self._buffer[self._at]
            if not self._fill(at_end=at_end):
                return ""

    def _take(self, number: int) -> str:
        taken = self._buffer[self._at : self._at + number]
        self._at += number
        return taken

    def _match(self, pattern: re.Pattern[str]) -> str:
        found = pattern.match(self._buffer, self._at)
        taken = found.group() if found else ""
        self._at += len(taken)
        return taken

    def _fill(self, *, at_end: bool = False) -> bool:
        more = next(self._chunks, "")
        if not more and not at_end:
            raise CutOff
        self._buffer = self._buffer[self._at :] + more
        self._at = 0
        return bool(more)


class _Kept:
    """Pieces of a text, as long as they are not too long together."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._length = 0
        self._pieces: list[str] = []

    @property
    def is_empty(self) -> bool:
        return not self._length

    def add(self, piece: str) -> None:
        self._length += len(piece)
        if self._length > self._limit:
            self._pieces.clear()
        elif piece:
            self._pieces.append(piece)

    def text(self) -> str | None:
        return None if self._length > self._limit else "".join(self._pieces)
