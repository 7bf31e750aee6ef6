"""An authority in memory: it delegates, publishes bundles, issues passes and rotates its keys.

Tests tell stories with it. Nothing in it is random and nothing reads the time.

>>> world = World()
>>> bundle = world.accepted(NOON)
>>> text = world.code(NOON)
>>> len(text), text[:4], bundle.version
(592, 'QP1:', 1)
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from typing import Any
from zoneinfo import ZoneInfo

from schemas.bundle import TrustBundle
from schemas.encoding import b64url_encode
from schemas.hints import HintForm, Holder, all_hints, hint_of_birthday
from schemas.hour_keys import AUTHORITY_LABEL, derive_export_key, derive_hour_key, public_half
from schemas.hours import date_at, date_of, days_between, hours_between
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
from schemas.root_statements import encode_signed, parse_signed
from schemas.token import DevicePoint, challenge_digest, token_input, token_key_id
from schemas.trust import TrustState, accept_bundle
from schemas.windows import Calendar, Window
from tests.support.keys import EcKey, RsaKey, ec_key, filler_modulus, pool_size, rsa_key
from tests.support.logs import MemoryLog, MemoryWitness
from tests.support.texts import jws, signed, to_json

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
        roots: int = 1,
        threshold: int = 1,
        witnesses: tuple[MemoryWitness, ...] = (),
        quorum: int = 0,
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
        self._retired: list[tuple[dict[str, Any], int]] = []
        self._devices = 0
        self.log = MemoryLog(self.token_issuer, witnesses=witnesses)
        self.witnesses, self.quorum = witnesses, quorum
        self.roots = [self._key(f"root 1.{at}" if at else "root 1") for at in range(roots)]
        self.threshold = threshold
        self.signer = self._key("signer 1")
        self.handover: str | None = None
        self.statements = [self.statement(1, by=self.roots, now=start)]
        self.pin = parse_signed(self.statements[0]).statement.anchor

    def _key(self, what: str) -> EcKey:
        return ec_key(f"{self.iss} {what}")

    # The root

    @property
    def root(self) -> EcKey:
        """The first of today's roots."""
        return self.roots[0]

    def statement(
        self, version: int, *, by: Iterable[EcKey], now: int, **members: Any
    ) -> dict[str, Any]:
        """A root statement signed by ``by``; it says what is true today unless ``members`` do."""
        return signed_statement(self.statement_members(version, now=now) | members, by)

    def statement_members(self, version: int, *, now: int) -> dict[str, Any]:
        """The payload of a statement, for a test that spoils a member before it is signed."""
        life = {"nbf": now - DAY, "exp": now + 34 * DAY}
        return {
            "version": version,
            "threshold": self.threshold,
            "roots": [key.jwk for key in self.roots],
            "signers": [self.signer.jwk | life],
            "sunset": self.sunset,
            "log": self.log.vkey.text,
            "witnesses": [witness.member for witness in self.witnesses],
            "quorum": self.quorum,
        }

    def begin_with_sunset(self, sunset: int, now: int = NOON) -> None:
        """Found it with another end; before anything is published."""
        self.sunset = sunset
        self.statements = [self.statement(1, by=self.roots, now=now)]
        self.pin = parse_signed(self.statements[0]).statement.anchor

    def delegate(self, now: int, *, by: list[EcKey] | None = None) -> None:
        """The roots name a new signer; bundle versions begin anew.

        It says whatever was changed here since the last one. A change of what is watched is an
        entry of the log before.
        """
        version = len(self.statements) + 1
        self.signer = self._key(f"signer {version}")
        self.statements.append(self.statement(version, by=by or self.roots, now=now))
        self.version = 0

    def rotate_root(self, now: int) -> None:
        """New roots, named by the old ones, and a new signer; bundle versions begin anew."""
        old, version = self.roots, len(self.statements) + 1
        self.roots = [
            self._key(f"root {version}.{at}" if at else f"root {version}") for at in range(len(old))
        ]
        self.delegate(now, by=[*old, *self.roots])
        self.hand_over(self.log)

    def replace_log(self, now: int, *, is_lost: bool = False) -> None:
        """A new log under a key of its own, and a new signer."""
        old = self.log
        self.log = MemoryLog(self.token_issuer, old.number + 1, self.witnesses)
        self.delegate(now)
        self.handover = None
        if not is_lost:
            self.hand_over(old)

    def hand_over(self, log: MemoryLog) -> None:
        """The last statement becomes an entry of the log before it."""
        entry = parse_signed(self.statements[-1]).statement.entry
        self.handover = log.proof(log.append(entry)).text

    def move_sunset(self, sunset: int, now: int) -> None:
        """The roots say another end."""
        self.sunset = sunset
        self.delegate(now)

    # The bundle

    def payload(self, now: int, **overrides: Any) -> dict[str, Any]:
        """The next bundle's payload, for a test that spoils a member before it is signed."""
        self.version += 1
        paper = {"nbf": now - DAY, "exp": now + 14 * DAY}
        handover = {} if self.handover is None else {"handover": self.handover}
        return handover | {
            "iss": self.iss,
            "name": {"kk": "Құпия", "ru": "Купия", "en": "Qupia"},
            "token_issuer": self.token_issuer,
            "version": self.version,
            "iat": now,
            "exp": now + self.life,
            "previous": None if self.log.last is None else b64url_encode(self.log.last),
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
            "retired": [{"id": key["id"], "at": at} for key, at in self._withdrawn(now)],
            "retiring": [key for key, at in self._withdrawn(now) if at > now],
            "specimen": self.specimen,
            "tracing": self._tracing(now) if self.tracing else [],
            "tracing_exports": self._tracing_exports(now) if self.tracing else [],
            **overrides,
        }

    def sign(
        self, payload: dict[str, Any], *, key: EcKey | None = None, typ: str = Typ.TRUST
    ) -> bytes:
        """A payload as a bundle in the log, with its proof; by today's signer unless told."""
        return self.log.carry(jws(payload, typ=typ, key=key or self.signer).encode())

    def bundle(self, now: int, **overrides: Any) -> bytes:
        """The next bundle; ``overrides`` replace members of its payload."""
        return self.sign(self.payload(now, **overrides))

    def state(self) -> TrustState:
        """What a device knows right after its set-up."""
        return TrustState(anchor=self.pin)

    def accepted(self, now: int, **overrides: Any) -> TrustBundle:
        """The next bundle, as a device that has just been set up accepts it."""
        return accept_bundle(self.bundle(now, **overrides), state=self.state(), now=now).bundle

    # Presence tracing

    def hour_key(self, hour: int) -> bytes:
        """The authority's private key of an hour, 32 bytes, from a seed for each UTC date."""
        return _hour_key(self.iss, hour)

    def export_key(self, day: int) -> bytes:
        """The authority's private key for the exports of a UTC day, 32 bytes."""
        return derive_export_key(_seed(self.iss, date_at(day * DAY)), day)

    def _tracing_exports(self, now: int) -> list[dict[str, Any]]:
        days = days_between(now - DAY, min(now + 72 * HOUR, self.sunset))
        return [{"day": d, "x": b64url_encode(public_half(self.export_key(d)))} for d in days]

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

    def retire(
        self, window: Window, *, status: str | None = None, holder: Holder = None, at: int = 0
    ) -> RsaKey:
        """Withdraw the key of a cell before its time; the next bundle has another there.

        Doors take what it signed until ``at``.
        """
        cell = (window, status or self.statuses[0], holder or self.holder)
        key = self.key(window, status=status, holder=holder)
        self._retired.append((self._entry(cell), at))
        del self._cells[cell]
        return key

    def _withdrawn(self, now: int) -> list[tuple[dict[str, Any], int]]:
        return [(key, at) for key, at in self._retired if now < key["exp"]]

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
            proof=a_pass.device.prove(message),
        )

    def show(self, a_pass: Pass, slot: int, *, venue: bytes = UNBOUND) -> str:
        """The QR text of a pass with a fresh proof."""
        return format_presentation(self.present(a_pass, slot, venue=venue))

    def code(self, now: int, **members: Any) -> str:
        """The QR text of a new pass with a proof of ``now``; ``members`` as for :meth:`issue`."""
        return self.show(self.issue(now, **members), slot_at(now))


def signed_statement(
    members: dict[str, Any] | bytes, by: Iterable[EcKey], **header: Any
) -> dict[str, Any]:
    """A root statement under the signatures of these keys, whatever it says.

    ``header`` replaces members of each protected header, or adds some.
    """
    payload = members if isinstance(members, bytes) else to_json(members)
    return encode_signed(payload, [_signature(payload, key, header) for key in by])


def _signature(payload: bytes, key: EcKey, header: dict[str, Any]) -> dict[str, str]:
    members = {"alg": "ES256", "kid": key.kid, "typ": Typ.ROOT} | header
    protected, _, signature = signed(to_json(members), payload, key).split(".")
    return {"protected": protected, "signature": signature}


def _seed(iss: str, date: str) -> bytes:
    return sha256(f"{iss} {date}".encode()).digest()


def _hour_key(iss: str, hour: int) -> bytes:
    return derive_hour_key(_seed(iss, date_of(hour)), hour, label=AUTHORITY_LABEL)


@cache
def _public_hour_key(iss: str, hour: int) -> str:
    return b64url_encode(public_half(_hour_key(iss, hour)))


def _named(policy: dict[str, Any]) -> dict[str, Any]:
    name = dict.fromkeys(("kk", "ru", "en"), policy["id"])
    return {"name": name} | policy
