"""FHIR resources of a file, one at a time: a Bundle's entries, or NDJSON's lines.

A line of NDJSON is a resource, or a whole Bundle of some. A page of a longer answer (FHIR R4,
Bundle, ``link`` and ``total``; RESTful API, section "Paging") is refused: the corrected version of
a result may stand on the next.
"""

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

from issuer.intake.export_file import Export, read_chunks, read_lines
from issuer.intake.fhir_addresses import without_version
from issuer.intake.json_text import ELEMENT_LIMIT, CutOff, JsonText, NotJson, parse_json
from schemas.errors import QupiaError
from shell.errors import CommandError

MOST_RESOURCES = 700_000
"""In one file: 200,000 results, each with its patient, its specimen and half a resource more."""

_LONGEST_SCALAR = 256
_LONGEST_LINKS = 64 * 1024
_PAGED = ("next", "previous", "prev")


@dataclass(frozen=True)
class Resource:
    """One resource: ``members`` is None when it cannot be read, or where there is none.

    ``line`` counts as :class:`~issuer.intake.values.Rejected` does; ``address`` is the entry's
    ``fullUrl``, without a version. ``removed``: what was at the address until then, as
    ``Type/id``; ``is_empty`` is an entry that has a request or a response only. ``response`` is
    what the server answered. ``file`` counts from 1 where several are read together, else it is 0.
    """

    line: int
    address: str | None
    members: Mapping[str, Any] | None
    response: Any = None
    removed: str | None = None
    is_empty: bool = False
    file: int = 0

    @property
    def type(self) -> str | None:
        kind = self.members.get("resourceType") if self.members else None
        return kind if isinstance(kind, str) else None


Reader = Callable[[], Iterator[Resource]]
"""Reads the file from its beginning."""


class _Page(QupiaError):
    """A Bundle is not all of an answer."""


def find_resources(exports: Sequence[Export]) -> Reader:
    """How to read the resources of a file, or of several that were exported together.

    Reading raises CommandError for a file that is neither a whole Bundle nor NDJSON, is a page of
    more, or with those before it holds too much.
    """
    forms = [(export, _read_lines if _is_ndjson(export) else _read_bundle) for export in exports]

    def read() -> Iterator[Resource]:
        left = MOST_RESOURCES
        for file, (export, read_file) in enumerate(forms, 1):
            for resource in _checked(export.path, read_file(export)):
                left -= 1
                if left < 0:
                    raise CommandError(
                        f"{export.path} has more than {MOST_RESOURCES} resources; "
                        "export them in parts"
                    )
                yield resource if len(forms) == 1 else replace(resource, file=file)

    return read


def _checked(path: Path, resources: Iterator[Resource]) -> Iterator[Resource]:
    try:
        yield from resources
    except _Page:
        raise CommandError(
            f"{path} is one page of a longer answer (Bundle.link or Bundle.total says so); "
            "fetch all pages and send their resources in one file"
        ) from None
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
    """Whether the first two lines with text say so: one is a resource, or both are Bundles.

    The second counts when the first is damaged. A Bundle's entry on a line of its own is no
    resource yet.
    """
    with closing(read_lines(export, limit=ELEMENT_LIMIT)) as lines:
        # A Bundle on one line is not read to its end to find that there is no other.
        some = (line.text for line in islice(lines, export.lines) if line.text != "")
        texts = list(islice(some, 2))
    kinds = [(_parse_object(text) or {}).get("resourceType") for text in texts]
    return kinds == ["Bundle"] * 2 or next(
        (kind != "Bundle" for kind in kinds if kind is not None), False
    )


def _read_lines(export: Export) -> Generator[Resource, None, None]:
    for line in read_lines(export, limit=ELEMENT_LIMIT):
        if line.text is None or line.text.strip(" \t\r\x1a"):
            members = _parse_object(line.text)
            if members is not None and members.get("resourceType") == "Bundle":
                yield from _entries_of(line.number, members)
            else:
                yield Resource(line.number, None, members)


def _entries_of(line: int, bundle: Mapping[str, Any]) -> Iterator[Resource]:
    """The entries of a Bundle that is one line."""
    entries = bundle.get("entry", [])
    if not isinstance(entries, list):
        yield Resource(line, None, None)
        return
    _refuse_page(bundle, len(entries))
    yield from (_entry(line, entry) for entry in entries)


def _read_bundle(export: Export) -> Generator[Resource, None, None]:
    with closing(read_chunks(export)) as chunks:
        text, about, seen, number = JsonText(chunks), dict[str, Any](), set[str](), 0
        for name in text.members():
            if name in seen:
                raise NotJson
            if name == "entry":
                for number, value in enumerate(text.elements(), 1):
                    yield _entry(number, value)
                seen.add(name)
            elif name in _LIMITS:
                about[name] = _small(text.value(_LIMITS[name]))
                seen.add(name)
            else:
                text.value(0)
        if about.get("resourceType") != "Bundle":
            raise NotJson
        _refuse_page(about, number)


_LIMITS = {
    "resourceType": _LONGEST_SCALAR,
    "type": _LONGEST_SCALAR,
    "total": _LONGEST_SCALAR,
    "link": _LONGEST_LINKS,
}
"""The members beside its entries that are read of a Bundle, and how long each may be."""


def _small(text: str | None) -> Any:
    """None for what cannot be read, or is too long."""
    try:
        return None if text is None else parse_json(text)
    except NotJson:
        return None


def _refuse_page(bundle: Mapping[str, Any], entries: int) -> None:
    links, total = bundle.get("link", []), bundle.get("total")
    is_answer = bundle.get("type") in ("searchset", "history")
    is_short = is_answer and isinstance(total, int) and total > entries
    # Links that cannot be read may say anything.
    if is_short or not isinstance(links, list) or any(map(_is_paged, links)):
        raise _Page


def _is_paged(link: Any) -> bool:
    return isinstance(link, dict) and link.get("relation") in _PAGED


def _entry(number: int, value: Any) -> Resource:
    entry = value if isinstance(value, dict) else {}
    address, members = entry.get("fullUrl"), entry.get("resource")
    request, response = entry.get("request"), entry.get("response")
    removed = _removed(request)
    is_told = "resource" not in entry and any(isinstance(x, dict) for x in (request, response))
    return Resource(
        number,
        without_version(address) if isinstance(address, str) else None,
        members if isinstance(members, dict) and removed is None else None,
        response,
        removed=removed,
        is_empty=is_told or removed is not None,
    )


def _removed(request: Any) -> str | None:
    """What a request to delete names (FHIR R4, Bundle, ``entry.request``)."""
    if not isinstance(request, dict) or request.get("method") != "DELETE":
        return None
    url = request.get("url")
    return without_version(url) if isinstance(url, str) else ""


def _parse_object(text: str | None) -> Mapping[str, Any] | None:
    try:
        value = None if text is None else parse_json(text)
    except NotJson:
        return None
    return value if isinstance(value, dict) else None
