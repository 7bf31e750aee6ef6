"""The trust bundle as a value, and the rules that its payload keeps.

The members are docs/formats.md, "The trust bundle".

Signatures and versions are checked in :mod:`schemas.trust`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise, product
from math import prod
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa

from schemas.bundle_faults import BundleFault, BundleRejected, OddRule
from schemas.encoding import b64url_decode
from schemas.hints import HintForm, Holder, all_hints
from schemas.kinds import DAY, HOUR
from schemas.odd_rules import Jwk, odd_key_rule_of, odd_rule_of
from schemas.paper import PaperKey
from schemas.presentation import KEY_PREFIX_BYTES
from schemas.token import PUBLIC_EXPONENT, challenge_digest, token_key_id
from schemas.validation import matches
from schemas.windows import Window

BUNDLE_LIMIT = 4_000_000
"""Bytes; a larger bundle is refused."""

LONGEST_LIFE = 7 * DAY
FRESH = 24 * HOUR
LONGEST_RETIRING = 24 * HOUR
"""How long doors can go on admitting passes of a key that was withdrawn."""

CLOCK_TOLERANCE = 120
"""Seconds that a device's clock may lie before a bundle's ``iat``."""


@dataclass(frozen=True)
class PassKey:
    """One cell of the grid. ``id`` is 32 bytes, ``modulus`` 256."""

    id: bytes
    modulus: bytes
    status: str
    holder: Holder
    window: Window

    @cached_property
    def public_key(self) -> rsa.RSAPublicKey:
        n = int.from_bytes(self.modulus, "big")
        return rsa.RSAPublicNumbers(PUBLIC_EXPONENT, n).public_key()


@dataclass(frozen=True)
class Status:
    """What a pass says: ``id``, its name in three languages and its colour ``#rrggbb``."""

    id: str
    name: Mapping[str, str]
    colour: str


@dataclass(frozen=True)
class VenuePolicy:
    """What a kind of venue admits; ``asks_hint`` tells staff to check an ID."""

    id: str
    name: Mapping[str, str]
    admit: frozenset[str]
    asks_hint: bool


@dataclass(frozen=True)
class TrustBundle:
    """A bundle whose payload keeps all rules. Times are Unix seconds."""

    iss: str
    name: Mapping[str, str]
    token_issuer: str
    version: int
    iat: int
    exp: int
    sunset: int
    """What the last root statement says; no bundle can change it."""
    previous: bytes | None
    """The entry of the log before this bundle's, 32 bytes; None at the log's beginning."""
    batch_size: int
    hint: HintForm
    specimen: bool
    pass_keys: tuple[PassKey, ...]
    retired: Mapping[bytes, int]
    """From when on passes of a withdrawn key are refused, by its id."""

    retiring: tuple[PassKey, ...]
    """The withdrawn keys whose time had not come when the bundle was made."""

    statuses: tuple[Status, ...]
    policies: tuple[VenuePolicy, ...]
    paper_keys: tuple[PaperKey, ...]
    service_keys: tuple[Mapping[str, Any], ...]
    tracing: Mapping[int, bytes]
    """The authority's X25519 public keys (32 bytes, not checked yet) by hour since 1970."""
    tracing_exports: Mapping[int, bytes]
    """The same for the exports of venues, by UTC day since 1970."""

    @cached_property
    def challenge(self) -> bytes:
        """H(TokenChallenge), 32 bytes."""
        return challenge_digest(self.token_issuer)

    @cached_property
    def by_prefix(self) -> Mapping[bytes, PassKey | None]:
        """The key for the first four bytes of its id; None where it is retired for good."""
        known = {key.id: key for key in (*self.pass_keys, *self.retiring)}
        ids = (*known, *self.retired)
        return {key_id[:KEY_PREFIX_BYTES]: known.get(key_id) for key_id in ids}

    def is_retired(self, key_id: bytes, now: int) -> bool:
        """Whether a key was withdrawn and its time has come."""
        return key_id in self.retired and self.retired[key_id] <= now

    @cached_property
    def by_id(self) -> Mapping[bytes, PassKey]:
        """The keys in force by their whole id."""
        return {key.id: key for key in self.pass_keys}

    @cached_property
    def paper_by_kid(self) -> Mapping[str, PaperKey]:
        """The keys of paper passes by what a JWT's header names."""
        return {key.kid: key for key in self.paper_keys}

    @property
    def listed_keys(self) -> list[tuple[str, Jwk]]:
        """Each P-256 key that the bundle lists, with its purpose."""
        service = [(key["typ"], key) for key in self.service_keys]
        return [("paper", key.jwk) for key in self.paper_keys] + service

    @cached_property
    def windows(self) -> tuple[Window, ...]:
        """The windows of the grid, earliest first."""
        return tuple(sorted({key.window for key in self.pass_keys}))

    def key_for(self, *, status: str, holder: Holder, window: Window) -> PassKey | None:
        """The one key of a cell; None where the bundle has no such cell."""
        return self._cells.get((window, status, holder))

    def policy(self, policy_id: str | None) -> VenuePolicy | None:
        """The policy of that id, or the first; None when there is none of that id."""
        if policy_id is None:
            return self.policies[0]
        return next((policy for policy in self.policies if policy.id == policy_id), None)

    def status(self, status_id: str) -> Status:
        """The status of that id; raises KeyError when the bundle has none."""
        return {status.id: status for status in self.statuses}[status_id]

    @cached_property
    def _cells(self) -> Mapping[tuple[Window, str, Holder], PassKey]:
        return {(key.window, key.status, key.holder): key for key in self.pass_keys}


def parse_bundle(payload: Mapping[str, Any], *, sunset: int) -> TrustBundle:
    """Turn a payload into a bundle; raises BundleRejected when it breaks a rule.

    ``sunset`` is what the last root statement says, Unix seconds. Unknown members are ignored.
    """
    if not matches("trust-bundle", payload):
        raise BundleRejected(BundleFault.NOT_A_BUNDLE)
    bundle = TrustBundle(
        iss=payload["iss"],
        name=payload["name"],
        token_issuer=payload["token_issuer"],
        version=payload["version"],
        iat=payload["iat"],
        exp=payload["exp"],
        sunset=sunset,
        previous=None if payload["previous"] is None else _parse_id(payload["previous"]),
        batch_size=payload["batch_size"],
        hint=HintForm(payload["hint"]),
        specimen=payload["specimen"],
        pass_keys=tuple(_parse_pass_key(entry) for entry in payload["pass_keys"]),
        retired={_parse_id(entry["id"]): entry["at"] for entry in payload["retired"]},
        retiring=tuple(_parse_pass_key(entry) for entry in payload["retiring"]),
        statuses=tuple(Status(s["id"], s["name"], s["colour"]) for s in payload["statuses"]),
        policies=tuple(_parse_policy(entry) for entry in payload["policies"]),
        paper_keys=tuple(PaperKey.of(entry) for entry in payload["paper_keys"]),
        service_keys=tuple(payload["service_keys"]),
        tracing=_parse_tracing(payload["tracing"], "hour"),
        tracing_exports=_parse_tracing(payload["tracing_exports"], "day"),
    )
    _check_members(bundle)
    if any(len(getattr(bundle, name)) != len(payload[name]) for name in ("tracing", "retired")):
        raise BundleRejected(BundleFault.NOT_A_BUNDLE)
    _check_prefixes(bundle)
    _check_grid(bundle)
    _check_retiring(bundle)
    _check_rules(bundle)
    return bundle


def check_keys(bundle: TrustBundle, *, roots: Iterable[Jwk], signers: Iterable[Jwk]) -> None:
    """Refuse a key that the bundle lists and that stands in its root statement, too.

    Raises BundleRejected.
    """
    named = [("root", jwk) for jwk in roots] + [("signer", jwk) for jwk in signers]
    _refuse_odd(odd_key_rule_of(bundle.listed_keys + named))


def _parse_id(text: str) -> bytes:
    try:
        return b64url_decode(text)
    except ValueError:
        raise BundleRejected(BundleFault.NOT_A_BUNDLE) from None


def _parse_pass_key(entry: Mapping[str, Any]) -> PassKey:
    key_id, modulus = _parse_id(entry["id"]), _parse_id(entry["n"])
    try:
        expected = token_key_id(modulus)
    except ValueError:
        raise BundleRejected(BundleFault.WRONG_KEY_ID) from None
    if key_id != expected:
        raise BundleRejected(BundleFault.WRONG_KEY_ID)
    window = Window(entry["nbf"], entry["exp"])
    return PassKey(key_id, modulus, entry["status"], entry["holder"], window)


def _parse_tracing(entries: Sequence[Mapping[str, Any]], when: str) -> dict[int, bytes]:
    keys = {entry[when]: _parse_id(entry["x"]) for entry in entries}
    if len(keys) != len(entries):
        raise BundleRejected(BundleFault.NOT_A_BUNDLE)
    return keys


def _parse_policy(entry: Mapping[str, Any]) -> VenuePolicy:
    admit = frozenset(entry["admit"])
    return VenuePolicy(entry["id"], entry["name"], admit, entry["hint"] == "ask")


def _check_members(bundle: TrustBundle) -> None:
    statuses = [status.id for status in bundle.statuses]
    policies = [policy.id for policy in bundle.policies]
    if (
        not 0 < bundle.exp - bundle.iat <= LONGEST_LIFE
        or _repeats(statuses)
        or _repeats(policies)
        or any(policy.admit - set(statuses) for policy in bundle.policies)
    ):
        raise BundleRejected(BundleFault.NOT_A_BUNDLE)


def _check_prefixes(bundle: TrustBundle) -> None:
    ids = [key.id for key in bundle.pass_keys] + list(bundle.retired)
    if _repeats(key_id[:KEY_PREFIX_BYTES] for key_id in ids):
        raise BundleRejected(BundleFault.KEY_ID_COLLISION)


def _check_grid(bundle: TrustBundle) -> None:
    """Exactly one key for every window, status and hint, so that no key can mean one person."""
    windows = bundle.windows
    consecutive = all(earlier.exp == later.nbf for earlier, later in pairwise(windows))
    if (
        not windows
        or not all(window.nbf < window.exp for window in windows)
        or not consecutive
        or not windows[0].contains(bundle.iat)
        or not windows[-1].nbf < bundle.exp <= windows[-1].exp
        or not _is_full(bundle)
    ):
        raise BundleRejected(BundleFault.BROKEN_GRID)


def _is_full(bundle: TrustBundle) -> bool:
    """Whether each cell has one key, and no key is outside.

    Keys are counted first: the cells that hostile lists call for could fill the memory.
    """
    axes = (bundle.windows, [status.id for status in bundle.statuses], all_hints(bundle.hint))
    wanted = prod(len(axis) for axis in axes)
    return len(bundle.pass_keys) == wanted and bundle._cells.keys() == set(product(*axes))


def _check_retiring(bundle: TrustBundle) -> None:
    """Keys beside the grid are those that were in it a day ago at most, and no others."""
    times = [bundle.retired.get(key.id, 0) - bundle.iat for key in bundle.retiring]
    if (
        _repeats([key.id for key in bundle.retiring])
        or not all(0 < time <= LONGEST_RETIRING for time in times)
        or any((k.window, k.status, k.holder) not in bundle._cells for k in bundle.retiring)
    ):
        raise BundleRejected(BundleFault.BROKEN_GRID)


def _check_rules(bundle: TrustBundle) -> None:
    odd = odd_rule_of(
        statuses=[(status.name, status.colour) for status in bundle.statuses],
        windows=bundle.windows,
        batch_size=bundle.batch_size,
    )
    _refuse_odd(odd or odd_key_rule_of(bundle.listed_keys))


def _refuse_odd(odd: OddRule | None) -> None:
    if odd is not None:
        raise BundleRejected(BundleFault.ODD_RULES, odd)


def _repeats(values: Iterable[object]) -> bool:
    values = list(values)
    return len(set(values)) != len(values)
