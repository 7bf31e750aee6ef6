"""Activation codes and the URL that carries one.

The form is docs/formats.md, "From a slip to an entitlement".

>>> format_code(parse_code("7k3m 9qx2 vt0o lc5h"))
'7K3M-9QX2-VT00-1C5H'
"""

import secrets
from dataclasses import dataclass

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base32: no I, L, O and U."""

CODE_LENGTH = 16
"""80 random bits."""

_LOOK_ALIKES = str.maketrans({"O": "0", "I": "1", "L": "1", " ": None, "-": None})
_PATH = "/activate#"


@dataclass(frozen=True, repr=False)
class Activation:
    """What a slip's QR code holds. ``code`` is a secret, so this value never prints itself."""

    issuer: str
    code: str
    root: str


def new_code() -> str:
    """A fresh code, 16 characters without groups."""
    # 32 letters divide 256 values evenly, so each is as likely as any other.
    return "".join(ALPHABET[byte % len(ALPHABET)] for byte in secrets.token_bytes(CODE_LENGTH))


def parse_code(text: str) -> str:
    """The 16 characters of a code as a person types it; raises ValueError for anything else.

    Case, spaces, hyphens and look-alikes (O/0, I/L/1) are forgiven.
    """
    code = text.strip().upper().translate(_LOOK_ALIKES)
    if len(code) != CODE_LENGTH or not set(code) <= set(ALPHABET):
        raise ValueError("an activation code has 16 letters and digits: XXXX-XXXX-XXXX-XXXX")
    return code


def format_code(code: str) -> str:
    """``XXXX-XXXX-XXXX-XXXX``."""
    return "-".join(code[i : i + 4] for i in range(0, CODE_LENGTH, 4))


def format_activation_url(activation: Activation) -> str:
    """The link on the slip; a fragment reaches no server log."""
    return f"{activation.issuer}{_PATH}{format_code(activation.code)}.{activation.root}"


def parse_activation_url(text: str) -> Activation:
    """The inverse of :func:`format_activation_url`; raises ValueError without naming the code."""
    issuer, found, fragment = text.strip().partition(_PATH)
    code, dot, root = fragment.partition(".")
    if not (found and dot and root):
        raise ValueError("this is not an activation link")
    return Activation(issuer, parse_code(code), root)
