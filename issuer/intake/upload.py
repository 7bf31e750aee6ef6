"""An uploaded form, as it arrives: its files go into memory that has no name on any disk.

The file is never larger than the limit, also where the request does not say how large it is, and
what is broken off or refused is given back to the system at once.
"""

import logging
import os
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Self

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from schemas.errors import Refusal

UPLOAD_LIMIT = 64 * 1024 * 1024
"""Bytes of all uploaded files: about 600,000 rows of a laboratory's table."""

FIELDS_LIMIT = 64 * 1024
"""Bytes of everything else in the form, headers of its parts included."""

MOST_PARTS = 16

# The parser logs bytes of what it could not read, and they may be a person's. A level outlives the
# set-up of logs by uvicorn, which would switch a disabled logger on again.
logging.getLogger("python_multipart").setLevel(logging.CRITICAL + 1)


class UploadFault(StrEnum):
    """Why an upload is refused."""

    NOT_A_FORM = "not_a_form"
    TOO_LARGE = "too_large"
    TRUNCATED = "truncated"
    NO_FILE = "no_file"
    TOO_MANY_PARTS = "too_many_parts"


class UploadRefused(Refusal[UploadFault]):
    """An upload is refused for ``fault``; nothing of it is left."""


@dataclass
class Upload:
    """Files in memory, and the small fields that came with them. Their own names are forgotten.

    ``paths`` can be opened, any number of times, until :meth:`close`. ``size`` is that of all.
    """

    descriptors: list[int]
    fields: dict[str, str] = field(default_factory=dict, repr=False)
    size: int = 0

    @classmethod
    def empty(cls) -> Self:
        """With one file, of no bytes yet."""
        upload = cls([])
        upload.begin_file()
        return upload

    @property
    def paths(self) -> list[Path]:
        return [Path(f"/proc/self/fd/{descriptor}") for descriptor in self.descriptors]

    def begin_file(self) -> None:
        """What is written from now on is another file."""
        self.descriptors.append(os.memfd_create("upload", os.MFD_CLOEXEC))

    def write(self, data: bytes) -> None:
        self.size += len(data)
        while data:
            data = data[os.write(self.descriptors[-1], data) :]

    def close(self) -> None:
        """Give the memory back."""
        while self.descriptors:
            os.close(self.descriptors.pop())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()


async def receive_upload(
    chunks: AsyncIterator[bytes], content_type: str, *, limit: int = UPLOAD_LIMIT
) -> Upload:
    """The files of a ``multipart/form-data`` body that arrives in ``chunks``.

    Raises UploadRefused, as soon as it is clear, without reading on; whatever else ``chunks``
    raises goes through. In both cases nothing is left in memory.
    """
    upload = Upload.empty()
    try:
        form = _Form(_boundary(content_type), upload, limit)
        async for chunk in chunks:
            form.feed(chunk)
        form.end()
    except BaseException:
        upload.close()
        raise
    return upload


def _boundary(content_type: str) -> bytes:
    try:
        kind, options = parse_options_header(content_type)
    except UnicodeError:
        raise UploadRefused(UploadFault.NOT_A_FORM) from None
    boundary = options.get(b"boundary", b"")
    if kind != b"multipart/form-data" or not boundary:
        raise UploadRefused(UploadFault.NOT_A_FORM)
    return boundary


class _Form:
    """Takes the parts of a form from the parser's calls."""

    def __init__(self, boundary: bytes, upload: Upload, limit: int) -> None:
        self._upload, self._limit = upload, limit
        self._received = self._parts = 0
        self._has_file = self._is_whole = False
        self._header_name, self._header_value = bytearray(), bytearray()
        self._headers: dict[bytes, bytes] = {}
        self._name: str | None = None
        self._value = bytearray()
        try:
            self._parser = MultipartParser(
                boundary,
                {
                    "on_part_begin": self._begin,
                    "on_header_field": _adder(self._header_name),
                    "on_header_value": _adder(self._header_value),
                    "on_header_end": self._end_header,
                    "on_headers_finished": self._start,
                    "on_part_data": self._take,
                    "on_part_end": self._end_part,
                    "on_end": self._end,
                },
            )
        except FormParserError:
            raise UploadRefused(UploadFault.NOT_A_FORM) from None

    def feed(self, chunk: bytes) -> None:
        self._received += len(chunk)
        if self._received > self._limit + FIELDS_LIMIT:
            raise UploadRefused(UploadFault.TOO_LARGE)
        try:
            self._parser.write(chunk)
        except FormParserError:
            raise UploadRefused(UploadFault.NOT_A_FORM) from None

    def end(self) -> None:
        if not self._is_whole:
            raise UploadRefused(UploadFault.TRUNCATED)
        if not self._has_file:
            raise UploadRefused(UploadFault.NO_FILE)

    def _begin(self) -> None:
        self._parts += 1
        if self._parts > MOST_PARTS:
            raise UploadRefused(UploadFault.TOO_MANY_PARTS)
        self._headers.clear()

    def _end_header(self) -> None:
        self._headers[bytes(self._header_name).lower()] = bytes(self._header_value)
        self._header_name.clear()
        self._header_value.clear()

    def _start(self) -> None:
        _, options = parse_options_header(self._headers.get(b"content-disposition"))
        self._name, self._value = None, bytearray()
        if not options.get(b"filename"):  # Empty where a form has a field for a file, and none.
            self._name = options.get(b"name", b"").decode("utf-8", "replace")
        elif self._has_file:
            self._upload.begin_file()
        else:
            self._has_file = True

    def _take(self, data: bytes, start: int, end: int) -> None:
        if self._name is not None:
            self._value += data[start:end]
            if len(self._value) > FIELDS_LIMIT:
                raise UploadRefused(UploadFault.TOO_LARGE)
            return
        self._upload.write(data[start:end])
        if self._upload.size > self._limit:
            raise UploadRefused(UploadFault.TOO_LARGE)

    def _end_part(self) -> None:
        if self._name is not None:
            self._upload.fields.setdefault(self._name, self._value.decode("utf-8", "replace"))

    def _end(self) -> None:
        self._is_whole = True


def _adder(text: bytearray) -> Callable[[bytes, int, int], None]:
    def add(data: bytes, start: int, end: int) -> None:
        text.extend(data[start:end])

    return add
