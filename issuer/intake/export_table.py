"""A laboratory's lines as rows of the needed cells, and of no others (RFC 4180, read leniently)."""

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from issuer.intake.export_file import Export, Line, not_a_table, read_lines
from issuer.intake.forms import Form, WrongForm, form_by_encoding
from issuer.rules.export_rules import fold
from shell.errors import CommandError

SEPARATORS = (";", ",", "\t")

LONGEST_QUOTATION = 1_000
"""How many lines one row may have, because a quoted cell can hold line ends."""

_BLANK = ' \t\r\f\v\xa0\x1a"'
"""What a line without any text consists of besides separators; 0x1A ends old DOS files."""

Headers = Mapping[str, Sequence[str]]
"""The possible names of each column, folded, the preferred first."""


@dataclass(frozen=True, kw_only=True)
class Layout:
    """Where the needed cells are.

    ``width`` is the number of columns that the header names, ``cells`` that of its cells, nameless
    ones at its end included: no row has more.
    """

    export: Export
    separator: str
    width: int
    cells: int
    positions: tuple[int, ...]


@dataclass(frozen=True)
class Cells:
    """The needed cells of the row that starts on ``line``, in the order of the headers asked for.

    ``texts`` is None when the row does not have the header's columns; ``has_slipped`` when it has
    more: a separator within a cell has moved what follows it under a wrong name.
    """

    line: int
    texts: tuple[str, ...] | None
    has_slipped: bool = False


def find_layout(export: Export, headers: Headers) -> Layout:
    """Find the separator and the columns in the file's first line.

    Raises CommandError for a file that is no table, and for a header that lacks a column or names
    it twice.
    """
    header = export.first_line
    if header is None or "\0" in header:
        raise not_a_table(export.path)
    names, separator = max(
        ((_split_header(header, separator), separator) for separator in SEPARATORS),
        key=lambda candidate: len(_found(candidate[0], headers)),
    )
    found = _found(names, headers)
    if len(found) < len(headers) and (form := _encoding_form(export, header, headers)):
        raise WrongForm(form, export.path)
    _check_columns(export.path, names, found, headers)
    return Layout(
        export=export,
        separator=separator,
        width=len(names),
        cells=len(_cells_of(header, separator)),
        positions=tuple(names.index(found[column]) for column in headers),
    )


def _encoding_form(export: Export, header: str, headers: Headers) -> Form | None:
    def names(text: str) -> int:
        return max(len(_found(_split_header(text, one), headers)) for one in SEPARATORS)

    return form_by_encoding(header, export.encoding, names=names)


def read_rows(layout: Layout) -> Iterator[Cells]:
    """The rows after the header; lines without text in any cell are no rows.

    A quotation mark that is opened and never closed costs its own row only. One that is closed
    further down costs all rows that it swallowed: each is reported, none is joined to another.
    """
    feed = _Feed(islice(read_lines(layout.export), 1, None))
    for line in feed:
        if line.text is None:
            yield Cells(line.number, None)
        elif _is_blank(line, layout):
            continue
        elif '"' in line.text:
            yield from _read_quoted(line.number, line.text, feed, layout)
        else:
            yield _pick(line.number, line.text.split(layout.separator), layout)


class _Feed(Iterator[Line]):
    """Lines, some of which can be handed back."""

    def __init__(self, lines: Iterator[Line]) -> None:
        self._lines = lines
        self._returned: list[Line] = []

    def __next__(self) -> Line:
        return self._returned.pop() if self._returned else next(self._lines)

    def hand_back(self, lines: Sequence[Line]) -> None:
        self._returned += reversed(lines)


@dataclass
class _Quotation:
    """The lines that one row with quotation marks takes from the feed."""

    first: str
    feed: _Feed
    taken: list[Line]
    closed: bool = True

    def __iter__(self) -> Iterator[str]:
        yield self.first + "\n"
        for line in islice(self.feed, LONGEST_QUOTATION):
            self.taken.append(line)
            if line.text is None:
                break
            yield line.text + "\n"
        self.closed = False


def _read_quoted(number: int, first: str, feed: _Feed, layout: Layout) -> Iterable[Cells]:
    quotation = _Quotation(first, feed, [])
    try:
        cells = next(csv.reader(quotation, delimiter=layout.separator))
    except csv.Error:
        quotation.closed = False
        cells = []
    if not quotation.closed:
        feed.hand_back(quotation.taken)
        return [Cells(number, None)]
    if any(_is_row(line, layout) for line in quotation.taken):
        swallowed = [line.number for line in quotation.taken if not _is_blank(line, layout)]
        return [Cells(lost, None) for lost in (number, *swallowed)]
    return [_pick(number, cells, layout)]


def _is_blank(line: Line, layout: Layout) -> bool:
    return line.text is not None and not line.text.strip(_BLANK + layout.separator)


def _is_row(line: Line, layout: Layout) -> bool:
    """Whether a line within quotation marks could be a row itself."""
    return line.text is not None and line.text.count(layout.separator) >= layout.width - 1


def _pick(number: int, cells: list[str], layout: Layout) -> Cells:
    """The needed cells; all others are forgotten here."""
    # An empty cell too many tells as much: what was the last one may have been empty.
    if len(cells) > layout.cells or any(map(str.strip, cells[layout.width :])):
        return Cells(number, None, has_slipped=True)
    if len(cells) < layout.width:
        return Cells(number, None)
    return Cells(number, tuple(cells[position] for position in layout.positions))


def _split_header(header: str, separator: str) -> list[str]:
    """The header's names, folded, without the empty ones at its end."""
    names = [fold(name) for name in _cells_of(header, separator)]
    while names and not names[-1]:
        names.pop()
    return names


def _cells_of(header: str, separator: str) -> list[str]:
    try:
        return next(csv.reader([header], delimiter=separator), [])
    except csv.Error:
        return []


def _found(names: Sequence[str], headers: Headers) -> dict[str, str]:
    """The name that each column has in this header, for the columns that it has."""
    preferred = {
        column: next((alias for alias in aliases if alias in names), None)
        for column, aliases in headers.items()
    }
    return {column: name for column, name in preferred.items() if name is not None}


def _check_columns(
    path: Path, names: Sequence[str], found: Mapping[str, str], headers: Headers
) -> None:
    missing = [column for column in headers if column not in found]
    if missing:
        raise CommandError(
            f"{path}: line 1 names no column for {', '.join(missing)}; "
            "correct the header, or add its names to [export.columns] in policy.toml"
        )
    doubled = [column for column, name in found.items() if names.count(name) > 1]
    if doubled:
        raise CommandError(f"{path}: line 1 names the column for {doubled[0]} twice; remove one")
