"""What an honest issuer does beyond the form of a bundle; clients refuse one that does otherwise.

The rules are docs/formats.md, "What an honest issuer keeps to".

>>> names_differ(["Green", "gre-en"]), names_differ(["Green", "Blue"])
(False, True)
"""

import re
from collections.abc import Collection, Iterable, Mapping
from itertools import combinations
from typing import Any

from schemas.bundle_faults import OddRule
from schemas.jwk import thumbprint
from schemas.kinds import HOUR
from schemas.languages import Language
from schemas.windows import Window

Jwk = Mapping[str, Any]

BATCH_SIZES = range(4, 17)
WINDOW_LENGTHS = range(5 * HOUR, 25 * HOUR + 1)
"""Seconds; a day on which the clocks change has 23 or 25 hours."""

LENGTHS_DIFFER_BY = 2 * HOUR
COLOURS_DIFFER_BY = 64
"""Of 255, in one of red, green and blue."""

_ALLOWED = re.compile(r"[\u0020-\u007e\u0400-\u04ff]+")
_LATIN = re.compile(r"[A-Za-z]")
_CYRILLIC = re.compile(r"[\u0400-\u0481\u048a-\u04ff]")
_NOT_READ = re.compile(r"[^a-z0-9\u0400-\u0481\u048a-\u04ff]")
"""Spaces, punctuation, and the signs U+0482 to U+0489, which stand above or beside letters."""


def odd_rule_of(
    *,
    statuses: Iterable[tuple[Mapping[str, str], str]],
    windows: Collection[Window],
    batch_size: int,
) -> OddRule | None:
    """The first rule that is broken; None where all are kept.

    ``statuses`` are names by language with their colours; there is at least one window.
    """
    if not _are_told_apart(list(statuses)):
        return OddRule.TWIN_STATUSES
    if not windows_are_alike(windows):
        return OddRule.WINDOWS
    return None if batch_size in BATCH_SIZES else OddRule.BATCH_SIZE


def odd_key_rule_of(keys: Iterable[tuple[str, Jwk]]) -> OddRule | None:
    """The same of P-256 keys, each with its purpose; their shape has been checked."""
    keys = list(keys)
    named = [(purpose, thumbprint(jwk)) for purpose, jwk in keys]
    kids = [jwk.get("kid", kid) for (_, jwk), (_, kid) in zip(keys, named, strict=True)]
    if kids != [kid for _, kid in named] or _repeats(named):
        return OddRule.KID
    is_shared = _repeats([kid for _, kid in named]) or not all(_only_verifies(k) for _, k in keys)
    return OddRule.SHARED_KEY if is_shared else None


def is_one_script(names: Iterable[str]) -> bool:
    """Whether the names of one language have allowed characters only, and letters of one script."""
    text = "".join(names)
    return bool(_ALLOWED.fullmatch(text)) and not (_LATIN.search(text) and _CYRILLIC.search(text))


def names_differ(names: Iterable[str]) -> bool:
    """Whether the letters and digits of all names differ, in lower case; none is without any."""
    read = [_NOT_READ.sub("", name.lower()) for name in names]
    return all(read) and not _repeats(read)


def colours_differ(colours: Iterable[str]) -> bool:
    """Whether each two of the colours (``#rrggbb``) can be told apart."""
    channels = [bytes.fromhex(colour[1:]) for colour in colours]
    return all(
        any(abs(a - b) >= COLOURS_DIFFER_BY for a, b in zip(one, other, strict=True))
        for one, other in combinations(channels, 2)
    )


def windows_are_alike(windows: Iterable[Window]) -> bool:
    """Whether one or more windows are of allowed lengths that differ little."""
    lengths = [window.exp - window.nbf for window in windows]
    are_allowed = all(length in WINDOW_LENGTHS for length in lengths)
    return are_allowed and max(lengths) - min(lengths) <= LENGTHS_DIFFER_BY


def _are_told_apart(statuses: list[tuple[Mapping[str, str], str]]) -> bool:
    by_language = [[name[language] for name, _ in statuses] for language in Language]
    return all(
        is_one_script(names) and names_differ(names) for names in by_language
    ) and colours_differ(colour for _, colour in statuses)


def _only_verifies(jwk: Jwk) -> bool:
    """``use`` and ``key_ops`` (RFC 7517 sections 4.2 and 4.3), where present, fit the purpose."""
    use: object = jwk.get("use", "sig")
    operations: object = jwk.get("key_ops", ["verify"])
    return use == "sig" and operations == ["verify"]


def _repeats(values: Collection[object]) -> bool:
    return len(set(values)) != len(values)
