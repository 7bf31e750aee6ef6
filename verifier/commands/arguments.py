"""Arguments that several commands take, checked before anything is opened."""

from schemas.encoding import b64url_decode
from schemas.origins import parse_origin
from shell.errors import CommandError

_THUMBPRINT_BYTES = 32


def check_thumbprint(root: str) -> None:
    """Raise CommandError for what cannot be an anchor."""
    try:
        length = len(b64url_decode(root))
    except ValueError:
        length = 0
    if length != _THUMBPRINT_BYTES:
        raise CommandError("a root thumbprint has 43 letters and digits; ask the authority for it")


def issuer_origin(text: str) -> str:
    """The origin of an issuer in its one form; raises CommandError."""
    try:
        return parse_origin(text)
    except ValueError as error:
        raise CommandError(str(error)) from None
