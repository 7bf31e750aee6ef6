"""An authority in memory: it delegates, publishes bundles, issues passes and rotates its keys.

Tests tell stories with it. Nothing in it is random and nothing reads the time.

>>> world = World()
>>> bundle = world.accepted(NOON)
>>> text = world.code(NOON)
>>> len(text), text[:4], bundle.version
(592, 'QP1:', 1)
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from typing import Any
from zoneinfo import ZoneInfo

from schemas.bundle import TrustBundle
from schemas.encoding import b64url_encode
from schemas.hints import HintForm, Holder, all_hints, hint_of_birthday
from schemas.hour_keys import AUTHORITY_LABEL, derive_hour_key, public_half
from schemas.hours import date_of, hours_between
from schemas.jws import Typ
from schemas.kinds import DAY, HOUR
from schemas.origins import host_of
from schemas.presentation import (
    KEY_PREFIX_BYTES,
    UNBOUND,
    Presentation,
    format_presentation,
    proof_message,
    slot_at,
)
from schemas.token import DevicePoint, challenge_digest, token_input, token_key_id
from schemas.trust import TrustState, accept_bundle
from schemas.windows import Calendar, Window
from tests.support.keys import EcKey, RsaKey, ec_key, filler_modulus, pool_size, rsa_key
from tests.support.texts import jws

NOON = 1_773_730_800
"""2026-03-17, 12:00 in Almaty."""

_NAMES = {
    "green": ({"kk": "Жасыл", "ru": "Зелёный", "en": "Green"}, "#1b7f3b"),
    "blue": ({"kk": "Көк", "ru": "Синий", "en": "Blue"}, "#1f5fbf"),
    "amber": ({"kk": "Янтарь", "ru": "Янтарный", "en": "Amber"}, "#b36b00"),
    "violet": ({"kk": "Күлгін", "ru": "Фиолетовый", "en": "Violet"}, "#6b3fa0"),
}
_Cell = tuple[Window, str, Holder]


@dataclass(frozen=True)
class Pass:
    """A finished pass, as a wallet holds it."""

    key: RsaKey
    status: str
    holder: Holder
    window: Window
    challenge: bytes
    device: EcKey
    signature: bytes

    @property
    def point(self) -> DevicePoint:
        return self.device.point

    @property
    def token_input(self) -> bytes:
        return token_input(nonce=self.point.nonce, challenge=self.challenge, key_id=self.key.id)

    @property
    def token(self) -> bytes:
        return self.token_input + self.signature


class World:
    """One authority. Two of different ``iss`` and ``first_key`` have no key in common.

    ``hint="none"`` gives a small grid: two keys a window. With ``day`` only the cells of
    ``birthday`` have keys that can sign. ``first_key`` is where its share of the RSA pool begins.
    With ``tracing`` its bundles have keys for the hours from a day ago to three days ahead.
    """

    def __init__(
        self,
        *,
        iss: str = "https://qupia.example",
        hint: HintForm | str = HintForm.NONE,
        statuses: tuple[str, ...] = ("green", "blue"),
        birthday: str = "03-17",
        zone: str = "Asia/Almaty",
        hours: int = 24,
        batch_size: int = 8,
        specimen: bool = False,
        start: int = NOON,
        first_key: int = 0,
        tracing: bool = False,
    ) -> None:
        self.iss = iss
        self.tracing = tracing
        self.token_issuer = host_of(iss)
        self.hint = HintForm(hint)
        self.holder = hint_of_birthday(birthday, self.hint)
        self.calendar = Calendar(ZoneInfo(zone), hours)
        self.batch_size = batch_size
        self.specimen = specimen
        self.sunset = start + 180 * DAY
        self.life = 72 * HOUR
        self.version = 0
        self.statuses = statuses
        self.policies = [
            {"id": "everyone", "admit": list(statuses), "hint": "ask"},
            {"id": "first-only", "admit": [statuses[0]], "hint": "ask"},
            {"id": "no-hint", "admit": list(statuses), "hint": "ignore"},
        ]
        self.paper_key = self._key("paper")
        self.retention_key = self._key("retention")
        self.notices_key = self._key("notices")
        self.entitlement_key = self._key("entitlement")
        self._cells: dict[_Cell, bytes] = {}
        self._signing: dict[bytes, RsaKey] = {}
        self._next_key = first_key
        self._retired: list[tuple[bytes, Window]] = []
        self._devices = 0
        self.root = self._key("root 1")
        self.signer = self._key("signer 1")
        self.pin = self.root.kid
        self.statements = [self.statement(1, by=self.root, now=start)]

    def _key(self, what: str) -> EcKey:
        return ec_key(f"{self.iss} {what}")

    # The root

    def statement(
        self,
        version: int,
        *,
        by: EcKey,
        now: int,
        roots: list[EcKey] | None = None,
        signers: list[EcKey] | None = None,
    ) -> str:
        """A root statement signed by ``by``; it lists today's root and signer unless told."""
        life = {"nbf": now - DAY, "exp": now + 34 * DAY}
        payload = {
            "version": version,
            "roots": [key.jwk for key in (roots or [self.root])],
            "signers": [key.jwk | life for key in (signers or [self.signer])],
        }
        return jws(payload, typ=Typ.ROOT, key=by)

    def delegate(self, now: int) -> None:
        """The root names a new signer; bundle versions begin anew."""
        version = len(self.statements) + 1
        self.signer = self._key(f"signer {version}")
        self.statements.append(self.statement(version, by=self.root, now=now))
        self.version = 0

    def rotate_root(self, now: int) -> None:
        """A new root, named by the old one, and a new signer; bundle versions begin anew."""
        old, version = self.root, len(self.statements) + 1
        self.root = self._key(f"root {version}")
        self.signer = self._key(f"signer {version}")
        self.statements.append(self.statement(version, by=old, now=now))
        self.version = 0

    # The bundle

    def payload(self, now: int, **overrides: Any) -> dict[str, Any]:
        """The next bundle's payload, for a test that spoils a member before it is signed."""
        self.version += 1
        paper = {"nbf": now - DAY, "exp": now + 14 * DAY}
        return {
            "iss": self.iss,
            "name": {"kk": "Құпия", "ru": "Купия", "en": "Qupia"},
            "token_issuer": self.token_issuer,
            "version": self.version,
            "iat": now,
            "exp": now + self.life,
            "sunset": self.sunset,
            "delegations": list(self.statements),
            "batch_size": self.batch_size,
            "hint": self.hint.value,
            "pass_keys": [self._entry(cell) for cell in self._grid(now)],
            "paper_keys": [self.paper_key.jwk | {"kid": self.paper_key.kid} | paper],
            "service_keys": [
                key.jwk | {"kid": key.kid, "typ": typ.value} | paper
                for key, typ in (
                    (self.retention_key, Typ.RETENTION),
                    (self.notices_key, Typ.NOTICES),
                )
            ],
            "statuses": [
                {"id": status, "name": _NAMES[status][0], "colour": _NAMES[status][1]}
                for status in self.statuses
            ],
            "policies": [_named(policy) for policy in self.policies],
            "retired": [b64url_encode(i) for i, window in self._retired if now < window.exp],
            "specimen": self.specimen,
            "tracing": self._tracing(now) if self.tracing else [],
            **overrides,
        }

    def sign(
        self, payload: dict[str, Any], *, key: EcKey | None = None, typ: str = Typ.TRUST
    ) -> bytes:
        """A payload as a bundle; by today's signer unless told."""
        return jws(payload, typ=typ, key=key or self.signer).encode()

    def bundle(self, now: int, **overrides: Any) -> bytes:
        """The next bundle; ``overrides`` replace members of its payload."""
        return self.sign(self.payload(now, **overrides))

    def state(self) -> TrustState:
        """What a device knows right after its set-up."""
        return TrustState(root=self.pin)

    def accepted(self, now: int, **overrides: Any) -> TrustBundle:
        """The next bundle, as a device that has just been set up accepts it."""
        bundle, _ = accept_bundle(self.bundle(now, **overrides), state=self.state(), now=now)
        return bundle

    # Presence tracing

    def hour_key(self, hour: int) -> bytes:
        """The authority's private key of an hour, 32 bytes, from a seed for each UTC date."""
        return _hour_key(self.iss, hour)

    def _tracing(self, now: int) -> list[dict[str, Any]]:
        hours = hours_between(now - DAY, min(now + 72 * HOUR, self.sunset))
        return [{"hour": hour, "x": _public_hour_key(self.iss, hour)} for hour in hours]

    # Paper

    def slip(self, now: int, *, days: int = 7, **claims: Any) -> dict[str, Any]:
        """The claims of a paper pass of the first status; ``claims`` replace some of them.

        Good for so many days from the last midnight on.
        """
        nbf = self.calendar.window_at(now).nbf
        return {
            "iss": self.iss,
            "nbf": nbf,
            "exp": nbf + days * DAY,
            "status": self.statuses[0],
            "holder": "03-17",
        } | claims

    def paper(self, now: int, **claims: Any) -> str:
        """The QR text of a paper pass; ``claims`` as for :meth:`slip`."""
        return jws(self.slip(now, **claims), typ=Typ.PAPER, key=self.paper_key)

    # Pass keys

    def key(
        self,
        window: Window,
        *,
        status: str | None = None,
        holder: Holder = None,
    ) -> RsaKey:
        """The key of a cell; the first status and the holder of this world unless told."""
        cell = (window, status or self.statuses[0], holder or self.holder)
        return self._signing[self._modulus(cell)]

    def retire(self, window: Window, *, status: str | None = None, holder: Holder = None) -> RsaKey:
        """Withdraw the key of a cell before its time; the next bundle has another there."""
        cell = (window, status or self.statuses[0], holder or self.holder)
        key = self.key(window, status=status, holder=holder)
        self._retired.append((key.id, window))
        del self._cells[cell]
        return key

    def sign_blinded(self, key_id: bytes, blinded: bytes) -> bytes:
        """What the issuer does to a blinded value of 256 bytes; raises KeyError."""
        by_id = {key.id: key for key in self._signing.values()}
        return by_id[key_id].sign_raw(blinded)

    def _grid(self, now: int) -> Iterator[_Cell]:
        for window in self.calendar.windows_between(now, now + self.life):
            for status in self.statuses:
                for holder in all_hints(self.hint):
                    yield window, status, holder

    def _entry(self, cell: _Cell) -> dict[str, Any]:
        window, status, holder = cell
        modulus = self._modulus(cell)
        return {
            "id": b64url_encode(token_key_id(modulus)),
            "n": b64url_encode(modulus),
            "status": status,
            "holder": holder,
            "nbf": window.nbf,
            "exp": window.exp,
        }

    def _modulus(self, cell: _Cell) -> bytes:
        if cell not in self._cells:
            self._cells[cell] = self._new_modulus(cell)
        return self._cells[cell]

    def _new_modulus(self, cell: _Cell) -> bytes:
        if self.hint is HintForm.DAY and cell[2] != self.holder:
            return filler_modulus(f"{self.iss} {cell}")
        if self._next_key == pool_size():
            raise IndexError("the pool has no more RSA keys; use a smaller grid or fewer days")
        key = rsa_key(self._next_key)
        self._next_key += 1
        self._signing[key.modulus] = key
        return key.modulus

    # Passes

    def issue(
        self,
        now: int,
        *,
        status: str | None = None,
        holder: Holder = None,
        window: Window | None = None,
    ) -> Pass:
        """A pass for the window at ``now``, with a device key of its own."""
        self._devices += 1
        device = self._key(f"device {self._devices}")
        where = window or self.calendar.window_at(now)
        return self.issue_to(device, device.point, where, status=status, holder=holder)

    def issue_to(
        self,
        device: EcKey,
        point: DevicePoint,
        window: Window,
        *,
        status: str | None = None,
        holder: Holder = None,
    ) -> Pass:
        """A pass whose token commits to ``point``, whether or not that is the device's key."""
        key = self.key(window, status=status, holder=holder)
        challenge = challenge_digest(self.token_issuer)
        signed = token_input(nonce=point.nonce, challenge=challenge, key_id=key.id)
        return Pass(
            key=key,
            status=status or self.statuses[0],
            holder=holder or self.holder,
            window=window,
            challenge=challenge,
            device=device,
            signature=key.sign_pss(signed),
        )

    def present(self, a_pass: Pass, slot: int, *, venue: bytes = UNBOUND) -> Presentation:
        """The fields of a code with a fresh proof, for a test that spoils one of them."""
        message = proof_message(token=a_pass.token, slot=slot, venue=venue)
        return Presentation(
            key_prefix=a_pass.key.id[:KEY_PREFIX_BYTES],
            device=a_pass.point,
            signature=a_pass.signature,
            slot=slot,
            proof=a_pass.device.sign(message),
        )

    def show(self, a_pass: Pass, slot: int, *, venue: bytes = UNBOUND) -> str:
        """The QR text of a pass with a fresh proof."""
        return format_presentation(self.present(a_pass, slot, venue=venue))

    def code(self, now: int, **members: Any) -> str:
        """The QR text of a new pass with a proof of ``now``; ``members`` as for :meth:`issue`."""
        return self.show(self.issue(now, **members), slot_at(now))


def _hour_key(iss: str, hour: int) -> bytes:
    seed = sha256(f"{iss} {date_of(hour)}".encode()).digest()
    return derive_hour_key(seed, hour, label=AUTHORITY_LABEL)


@cache
def _public_hour_key(iss: str, hour: int) -> str:
    return b64url_encode(public_half(_hour_key(iss, hour)))


def _named(policy: dict[str, Any]) -> dict[str, Any]:
    name = dict.fromkeys(("kk", "ru", "en"), policy["id"])
    return {"name": name} | policy
