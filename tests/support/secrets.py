"""Looking for secrets in raw bytes, in every form in which they might have been written."""

import base64
from collections.abc import Iterable, Iterator, Mapping

ENCODINGS = ("utf-8", "utf-16-le", "utf-16-be", "cp1251")


def forms(secret: str | bytes) -> set[bytes]:
    """The bytes of a secret as they are, as hex, and as base64 at any place in a longer text.

    >>> "c2VjcmV0" in {form.decode("latin-1") for form in forms("secret")}
    True
    """
    plain = {secret} if isinstance(secret, bytes) else set(_encoded(secret))
    return plain | {form for data in plain for form in _written(data)}


def found(secrets: Mapping[str, str | bytes], contents: Mapping[str, bytes]) -> list[str]:
    """Which secret stands in which content."""
    wanted = {name: forms(secret) for name, secret in secrets.items()}
    return [
        f"{name} in {place}"
        for place, data in contents.items()
        for name, each in wanted.items()
        if any(form in data for form in each)
    ]


def _encoded(text: str) -> Iterable[bytes]:
    for encoding in ENCODINGS:
        try:
            yield text.encode(encoding)
        except UnicodeEncodeError:
            continue


def _written(data: bytes) -> Iterator[bytes]:
    yield data.hex().encode()
    yield data.hex().upper().encode()
    for before in range(3):
        # The letters at both ends also depend on what stands beside the secret.
        start, padded = -(-before * 4 // 3), bytes(before) + data
        end = len(padded) * 8 // 6
        for encode in (base64.standard_b64encode, base64.urlsafe_b64encode):
            yield encode(padded)[start:end]
