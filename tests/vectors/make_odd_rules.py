"""Makes ``tests/vectors/bundles/odd_rules.json`` anew: python -m tests.vectors.make_odd_rules

One payload of an honest issuer, the keys of its root statement, and for each case the members that
it replaces in the payload or beside it. ``odd`` is the rule of docs/formats.md, "What an honest
issuer keeps to", that is broken, or null where all are kept.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from schemas.bundle_faults import OddRule
from schemas.kinds import HOUR
from tests.support.keys import EcKey
from tests.support.world import NOON, World

VECTORS = Path(__file__).parent / "bundles" / "odd_rules.json"

Members = dict[str, Any]
Case = tuple[str, OddRule | None, Members]


class Given:
    """An honest issuer's payload, of two statuses and two windows, and what cases make of it."""

    def __init__(self) -> None:
        self.world = World()
        self.world.life = 20 * HOUR
        self.payload = self.world.payload(NOON)
        self.roots = [self.world.root.jwk]
        self.signers = [self.world.signer.jwk | {"nbf": NOON, "exp": NOON + HOUR}]

    def named(self, one: str, other: str, *, language: str = "en") -> Members:
        """The payload's two statuses under other names in one language."""
        return self._statuses(
            lambda status, name: {"name": status["name"] | {language: name}}, one, other
        )

    def coloured(self, one: str, other: str) -> Members:
        return self._statuses(lambda _, colour: {"colour": colour}, one, other)

    def lasting(self, first: int, second: int) -> Members:
        """Two windows of so many seconds, the first around noon."""
        begins = NOON - first // 2
        middle = begins + first
        spans = {min(self._nbfs()): (begins, middle), max(self._nbfs()): (middle, middle + second)}
        keys = []
        for key in self.payload["pass_keys"]:
            nbf, exp = spans[key["nbf"]]
            keys.append(key | {"nbf": nbf, "exp": exp})
        return {"pass_keys": keys, "exp": middle + second}

    def paper(self, **members: Any) -> Members:
        """Members of the paper key replaced."""
        return {"paper_keys": [self.payload["paper_keys"][0] | members]}

    def service(self, *, at: int = 0, **members: Any) -> Members:
        keys = [dict(key) for key in self.payload["service_keys"]]
        keys[at] |= members
        return {"service_keys": keys}

    def _nbfs(self) -> set[int]:
        return {key["nbf"] for key in self.payload["pass_keys"]}

    def _statuses(self, change: Any, *values: str) -> Members:
        pairs = zip(self.payload["statuses"], values, strict=True)
        return {"statuses": [status | change(status, value) for status, value in pairs]}


def names(given: Given) -> Iterator[Case]:
    twins = OddRule.TWIN_STATUSES
    yield "names that are numbers", None, given.named("1", "2")
    yield "names that differ by one letter", None, given.named("Pass A", "Pass B")
    yield "names with the letters of Kazakh", None, given.named("Әғқ", "ңөұүһі", language="kk")
    yield "one name in two languages", None, given.named("Зелёный", "Көк", language="kk")
    yield "the same name", twins, given.named("Green", "Green")
    yield "the same name in Kazakh only", twins, given.named("Көк", "Көк", language="kk")
    yield "a name in capitals", twins, given.named("Green", "GREEN")
    yield "a name in Cyrillic capitals", twins, given.named("ғұн", "ҒҰН", language="kk")
    yield "two forms of one letter", twins, given.named("ӏ", "Ӏ", language="ru")
    yield "a space more", twins, given.named("Green", "Gre en")
    yield "a space at the end", twins, given.named("Green", "Green ")
    yield "punctuation", twins, given.named("Green", '"Green".')
    yield "a hyphen in a number", twins, given.named("12", "1-2")
    yield "a sign above a letter", twins, given.named("Көк", "Көк\u0483", language="kk")
    yield "a name of signs alone", twins, given.named("Green", "***")
    yield "two names of signs alone", twins, given.named("+", "-")
    yield "a Cyrillic letter in a Latin name", twins, given.named("Pass", "P\u0430ss")
    yield "a Latin letter in a Cyrillic name", twins, given.named("Көк", "K\u04e9k", language="kk")
    yield "names of two scripts that look alike", twins, given.named("acp", "\u0430\u0441\u0440")
    yield "names of two scripts that look different", twins, given.named("Green", "Синий")
    yield "a letter with an accent", twins, given.named("Green", "Gr\u00e9en")
    yield "an accent that is combined", twins, given.named("Green", "Gre\u0301en")
    yield "a Greek letter", twins, given.named("Pass", "P\u03b1ss")
    yield "a Cyrillic letter beyond the range", twins, given.named("Көк", "Қ\u0501к", language="kk")
    yield "a space that does not break", twins, given.named("Green", "Gr\u00a0een")
    yield "a sign of no width", twins, given.named("Green", "Gre\u200ben")
    yield "a line end", twins, given.named("Green", "Blue\n")
    yield "a letter of double width", twins, given.named("Green", "\uff27reen")
    yield "a picture", twins, given.named("Green", "\U0001f7e2")
    yield "a sign that is not seen", twins, given.named("Green", "Blue\u007f")


def colours(given: Given) -> Iterator[Case]:
    twins = OddRule.TWIN_STATUSES
    yield "colours that differ by 64 in red", None, given.coloured("#000000", "#400000")
    yield "colours that differ by 64 in green", None, given.coloured("#00ff00", "#00bf00")
    yield "colours that differ by 64 in blue", None, given.coloured("#808080", "#8080c0")
    yield "the same colour", twins, given.coloured("#2e7d32", "#2e7d32")
    yield "colours that differ by 63", twins, given.coloured("#000000", "#3f3f3f")


def lengths(given: Given) -> Iterator[Case]:
    five, day, most = 5 * HOUR, 23 * HOUR, 25 * HOUR
    yield "windows of 5 hours", None, given.lasting(five, five)
    yield "a window of 25 hours after one of 23", None, given.lasting(day, most)
    yield "windows of a minute", OddRule.WINDOWS, given.lasting(60, 60)
    yield "a window a second too short", OddRule.WINDOWS, given.lasting(five, five - 1)
    yield "a window a second too long", OddRule.WINDOWS, given.lasting(most + 1, most)
    yield "windows that differ by a second too much", OddRule.WINDOWS, given.lasting(day - 1, most)


def batches(_given: Given) -> Iterator[Case]:
    yield "4 passes at a time", None, {"batch_size": 4}
    yield "16 passes at a time", None, {"batch_size": 16}
    yield "1 pass at a time", OddRule.BATCH_SIZE, {"batch_size": 1}
    yield "3 passes at a time", OddRule.BATCH_SIZE, {"batch_size": 3}
    yield "17 passes at a time", OddRule.BATCH_SIZE, {"batch_size": 17}


def kids(given: Given) -> Iterator[Case]:
    world, paper = given.world, given.payload["paper_keys"]
    yield "a kid in the root statement", None, _roots(world.root, kid=world.root.kid)
    yield "a paper key under another's kid", OddRule.KID, given.paper(kid=world.root.kid)
    yield "a service key under another's kid", OddRule.KID, given.service(kid=world.root.kid)
    yield "one kid for two service keys", OddRule.KID, given.service(kid=world.notices_key.kid)
    yield "a paper key twice", OddRule.KID, {"paper_keys": paper * 2}
    yield (
        "a paper key twice with other times",
        OddRule.KID,
        {"paper_keys": [paper[0], paper[0] | {"nbf": 0}]},
    )
    yield "a service key twice", OddRule.KID, {"service_keys": given.payload["service_keys"] * 2}
    yield "a root under another's kid", OddRule.KID, _roots(world.root, kid=world.signer.kid)
    yield "a kid that is no text", OddRule.KID, _roots(world.root, kid=None)


def purposes(given: Given) -> Iterator[Case]:
    world, shared = given.world, OddRule.SHARED_KEY
    fits = {"use": "sig", "key_ops": ["verify"], "alg": "ES256"}
    yield "use and operations that fit", None, given.paper(**fits)
    yield "a paper key that signs notices", shared, given.service(at=1, **_named(world.paper_key))
    yield "one key for both services", shared, given.service(**_named(world.notices_key))
    yield "a paper key that signs bundles", shared, given.paper(**_named(world.signer))
    yield "a service key that is a root", shared, given.service(**_named(world.root))
    yield "a signer that is a root", shared, _roots(world.signer)
    yield "a paper key for encryption", shared, given.paper(use="enc")
    yield "a paper key without a use", shared, given.paper(use=None)
    yield "a service key that signs", shared, given.service(key_ops=["sign"])
    yield "a service key that signs and verifies", shared, given.service(key_ops=["sign", "verify"])
    yield "operations that are no list", shared, given.service(key_ops="verify")
    yield "a root that does nothing", shared, _roots(world.root, key_ops=[])


def _named(key: EcKey) -> Members:
    return key.jwk | {"kid": key.kid}


def _roots(key: EcKey, **members: Any) -> Members:
    return {"roots": [key.jwk | members]}


def document() -> bytes:
    """The file's bytes."""
    given = Given()
    parts = (names, colours, lengths, batches, kids, purposes)
    cases = [
        {"name": name, "odd": odd, "replaced": members}
        for part in parts
        for name, odd, members in part(given)
    ]
    honest = {"payload": given.payload, "roots": given.roots, "signers": given.signers}
    return json.dumps(honest | {"cases": cases}, indent=1, ensure_ascii=False).encode() + b"\n"


def main() -> None:
    """Write the file."""
    VECTORS.write_bytes(document())


if __name__ == "__main__":
    main()
