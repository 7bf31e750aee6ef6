"""One issuer, opened from its home: what commands and the API work with.

Several processes may have the same home open. What they share is on disk: small files that are
replaced whole, the store, and two locks.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from threading import Lock
from typing import Self

from issuer.documents.notice_list import ListFile, parse_list
from issuer.home import Config, Home
from issuer.keys.grid import find_key
from issuer.keys.keyring import SigningKey, entitlement_key_path, load_reference_key
from issuer.keys.rawrsa import RawKey, load_raw_key
from issuer.oversight.audit import Audit
from issuer.perishable.store import Store
from issuer.registration.registrar import Registrar
from issuer.rules.policy import Policy, load_policy
from issuer.staff import Account, Capped, Role, Staff
from schemas import jws
from schemas.bundle import PassKey, TrustBundle, parse_bundle
from schemas.bundle_faults import BundleRejected
from schemas.kinds import GRACE_AFTER_WINDOW
from schemas.problems import ApiProblem, Problem
from schemas.trust import bundle_digest
from shell.errors import CommandError
from shell.files import locked
from shell.fresh import FreshFile


@dataclass(frozen=True)
class Published:
    """The trust bundle in force: its bytes, its ETag value, its root statements, what it says."""

    data: bytes
    digest: str
    delegations: tuple[str, ...]
    bundle: TrustBundle


class RawKeys:
    """Private pass keys in memory, only while their window lives."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._keys: dict[bytes, tuple[int, RawKey]] = {}
        self._lock = Lock()

    def get(self, key: PassKey) -> RawKey:
        """Raises ApiProblem ``not_ready`` when the key is not on disk (any more)."""
        with self._lock:
            held = self._keys.get(key.id)
        if held is not None:
            return held[1]
        try:
            raw = self._load(key)
        except FileNotFoundError:
            raise ApiProblem(Problem.NOT_READY) from None
        with self._lock:
            self._keys[key.id] = (key.window.exp + GRACE_AFTER_WINDOW, raw)
        return raw

    def _load(self, key: PassKey) -> RawKey:
        file = find_key(self._home.pass_keys, key.id)
        if file is None:
            raise FileNotFoundError
        return load_raw_key(file.load())

    def forget(self, now: int, listed: frozenset[bytes]) -> None:
        """Let go of keys that have ended or are no longer in the bundle."""
        with self._lock:
            self._keys = {
                key_id: held
                for key_id, held in self._keys.items()
                if held[0] > now and key_id in listed
            }


@dataclass(frozen=True, repr=False)
class Authority:
    """``policy`` is as it was when the home was opened; what else changes is read afresh."""

    home: Home
    policy: Policy
    store: Store
    staff: Staff
    audit: Audit
    raw_keys: RawKeys
    _config: FreshFile[Config] = field(compare=False)
    _published: FreshFile[Published] = field(compare=False)
    _notices: FreshFile[ListFile | None] = field(compare=False)

    @classmethod
    def open(cls, home: Home) -> Self:
        """Raises CommandError for a home that is missing, damaged or readable by others."""
        home.check()
        Config.load(home)
        return cls(
            home=home,
            policy=load_policy(home.policy),
            store=Store.open(home.perishable),
            staff=Staff(home.staff),
            audit=Audit.of(home),
            raw_keys=RawKeys(home),
            _config=FreshFile(home.config, Config.parse),
            _published=FreshFile(home.bundle, _parse_published),
            _notices=FreshFile(home.notices, parse_list),
        )

    @property
    def config(self) -> Config:
        """What ``init`` fixed, as it is on disk now: the sunset may have been moved earlier.

        Raises CommandError.
        """
        config = self._config.get()
        if config is None:
            raise CommandError(f"{self.home.config} is missing; restore it from a backup")
        return config

    def published(self) -> Published | None:
        """The bundle in force, as it is on disk now; None before the first.

        Raises CommandError for a damaged one.
        """
        return self._published.get()

    def notices(self) -> ListFile | None:
        """The list of notices as it is on disk now; None before the first, or a damaged one."""
        return self._notices.get()

    def bundle(self) -> TrustBundle:
        """The bundle in force; raises ApiProblem ``not_ready`` before the first."""
        published = self.published()
        if published is None:
            raise ApiProblem(Problem.NOT_READY)
        return published.bundle

    def spend(self, account: Account | None, what: Capped, now: int, number: int = 1) -> None:
        """Count ``number`` more of ``what`` against a registrar's daily cap.

        ``account`` is None for whoever can write to the home, who has none. Raises ApiProblem
        ``too_many``: a stolen password cannot stop a whole city's passes.
        """
        if account is not None and account.role is Role.REGISTRAR and number:
            cap = getattr(self.policy.caps, what.value)
            self.staff.spend(account, what, cap=cap, now=now, number=number)

    def is_over(self, now: int) -> bool:
        """Whether the sunset has come."""
        return now >= self.config.sunset

    def is_ready(self, now: int) -> bool:
        """Whether passes of the current window can be issued."""
        published = self.published()
        return published is not None and any(
            window.contains(now) for window in published.bundle.windows
        )

    @cached_property
    def registrar(self) -> Registrar:
        return Registrar(self.policy, self.config.hint, load_reference_key(self.home))

    @cached_property
    def entitlement_key(self) -> SigningKey:
        return SigningKey.load(entitlement_key_path(self.home), jws.Typ.ENTITLEMENT)

    def forget_keys(self) -> None:
        """Let go of the reference and the entitlement key, whose files the sunset destroys."""
        for name in ("registrar", "entitlement_key"):
            self.__dict__.pop(name, None)

    @contextmanager
    def making(self) -> Iterator[None]:
        """Alone among all processes in making keys, publishing or purging."""
        with locked(self.home.making_lock):
            yield


def _parse_published(data: bytes) -> Published:
    """Our own bundle; its signature is not checked again, but it must keep the rules."""
    try:
        payload = jws.parse(data.decode("ascii")).unverified_payload
        bundle = parse_bundle(payload)
    except (ValueError, BundleRejected):
        # The next version could not be told from it, but a new root statement begins them anew.
        raise CommandError(
            "bundle.jws is damaged; remove it, then run: qupia-issuer keys delegate --root ROOT.pem"
        ) from None
    return Published(data, bundle_digest(data), tuple(payload["delegations"]), bundle)
