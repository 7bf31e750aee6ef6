"""A bundle from a file: on a USB stick, or sent by mail."""

from pathlib import Path

from schemas.bundle import BUNDLE_LIMIT
from shell.errors import CommandError

_SPARE = 1024
"""Bytes of white space after a bundle that are read before the limit strikes."""


def read_bundle_file(path: Path) -> bytes:
    """The bytes of a bundle file without white space at its end, not verified.

    Editors and mail programs add a final line end. Raises CommandError when there is no such file.
    """
    try:
        with path.open("rb") as file:
            return file.read(BUNDLE_LIMIT + _SPARE).rstrip(b" \t\r\n")
    except FileNotFoundError:
        raise CommandError(
            f"there is no file {path}; name a bundle file, or a URL such as https://qupia.example"
        ) from None
