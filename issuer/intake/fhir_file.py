"""FHIR resources of a file, one at a time: a Bundle's entries, or NDJSON's lines."""

from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from issuer.intake.export_file import Export, read_chunks, read_lines
from issuer.intake.json_text import ELEMENT_LIMIT, CutOff, JsonText, NotJson, parse_json
from shell.errors import CommandError

MOST_RESOURCES = 300_000
"""In one file: 100,000 results, each with its patient and one resource more."""

_LONGEST_SCALAR = 256


@dataclass(frozen=True)
class Resource:
    """One resource: ``members`` is None when it cannot be read.

    ``line`` counts as :class:`~issuer.intake.values.Rejected` does; ``address`` is the entry's
    ``fullUrl``.
    """

    line: int
    address: str | None
    members: Mapping[str, Any] | None

    @property
    def type(self) -> str | None:
        kind = self.members.get("resourceType") if self.members else None
        return kind if isinstance(kind, str) else None


Reader = Callable[[], Iterator[Resource]]
"""Reads the file from its beginning."""


def find_resources(export: Export) -> Reader:
    """How to read the resources of a file.

    Reading raises CommandError for a file that is neither a whole Bundle nor NDJSON, or holds too
    much.
    """
    read = _read_lines if _is_ndjson(export) else _read_bundle
    return lambda: _bounded(export.path, read(export))


def _bounded(path: Path, resources: Iterator[Resource]) -> Iterator[Resource]:
    try:
        for number, resource in enumerate(resources, 1):
            if number > MOST_RESOURCES:
                raise CommandError(
                    f"{path} has more than {MOST_RESOURCES} resources; export them in parts"
                )
            yield resource
    except CutOff:
        raise CommandError(
            f"{path} ends in the middle of a FHIR Bundle; export or send it again"
        ) from None
    except NotJson:
        raise CommandError(
            f"{path} is JSON, but neither one whole FHIR Bundle nor NDJSON; "
            "export the results as one of the two, or as CSV"
        ) from None


def _is_ndjson(export: Export) -> bool:
    """Whether one of the first two lines with text is a whole resource that is no Bundle.

    The second counts when the first is damaged. A Bundle's entry on a line of its own is no
    resource yet.
    """
    with closing(read_lines(export, limit=ELEMENT_LIMIT)) as lines:
        # A Bundle on one line is not read to its end to find that there is no other.
        some = (line.text for line in islice(lines, export.lines) if line.text != "")
        texts = list(islice(some, 2))
    kinds = [(_parse_object(text) or {}).get("resourceType") for text in texts]
    return next((kind != "Bundle" for kind in kinds if kind is not None), False)


def _read_lines(export: Export) -> Generator[Resource, None, None]:
    for line in read_lines(export, limit=ELEMENT_LIMIT):
        if line.text is None or line.text.strip(" \t\r\x1a"):
            yield Resource(line.number, None, _parse_object(line.text))


def _read_bundle(export: Export) -> Generator[Resource, None, None]:
    with closing(read_chunks(export)) as chunks:
        text, kind, seen = JsonText(chunks), None, set[str]()
        for name in text.members():
            if name in seen:
                raise NotJson
            if name == "entry":
                yield from (_entry(*numbered) for numbered in enumerate(text.elements(), 1))
                seen.add(name)
            elif name == "resourceType":
                kind = text.value(_LONGEST_SCALAR)
                seen.add(name)
            else:
                text.value(0)
        if kind != '"Bundle"':
            raise NotJson


def _entry(number: int, value: Any) -> Resource:
    entry = value if isinstance(value, dict) else {}
    address, members = entry.get("fullUrl"), entry.get("resource")
    return Resource(
        number,
        address if isinstance(address, str) else None,
        members if isinstance(members, dict) else None,
    )


def _parse_object(text: str | None) -> Mapping[str, Any] | None:
    try:
        value = None if text is None else parse_json(text)
    except NotJson:
        return None
    return value if isinstance(value, dict) else None
