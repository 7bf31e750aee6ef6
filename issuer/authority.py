"""One issuer, opened from its home: what commands and the API work with.

Several processes may have the same home open. What they share is on disk: small files that are
replaced whole, the store, and two locks.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from threading import Lock
from typing import Any, Self

from issuer.documents.notice_list import ListFile, parse_list
from issuer.home import Config, Home
from issuer.keys.grid import find_key
from issuer.keys.keyring import SigningKey, entitlement_key_path, load_reference_key
from issuer.keys.rawrsa import RawKey, load_raw_key
from issuer.keys.roots import missing_chain, parse_chain
from issuer.log.folder import log_numbers
from issuer.log.log import Log
from issuer.oversight.audit import Audit
from issuer.perishable.store import Store
from issuer.registration.registrar import Registrar
from issuer.rules.policy import Policy, load_policy
from issuer.staff import Account, Capped, Role, Staff
from schemas import jws
from schemas.activation import Activation, format_activation_url
from schemas.bundle import PassKey, TrustBundle, parse_bundle
from schemas.bundle_faults import BundleRejected
from schemas.kinds import GRACE_AFTER_WINDOW
from schemas.log.entries import split_carried
from schemas.log.faults import LogRejected
from schemas.problems import ApiProblem, Problem
from schemas.root_statements import Chain, parse_signed
from schemas.trust import bundle_digest
from shell.errors import CommandError
from shell.files import locked
from shell.fresh import FreshFile


@dataclass(frozen=True)
class Published:
    """The trust bundle in force as it is served: its ETag value, its statements, what it says."""

    data: bytes
    etag: str
    delegations: tuple[Mapping[str, Any], ...]
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
    _chain: FreshFile[Chain] = field(compare=False)
    _published: FreshFile[Published] = field(compare=False)
    _entered: FreshFile[Published] = field(compare=False)
    _notices: FreshFile[ListFile | None] = field(compare=False)
    _logs: dict[int, Log] = field(default_factory=dict, compare=False)

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
            _chain=FreshFile(home.delegations, parse_chain),
            _published=FreshFile(home.bundle, _parse_published),
            _entered=FreshFile(home.entered_bundle, _parse_published),
            _notices=FreshFile(home.notices, parse_list),
        )

    @property
    def config(self) -> Config:
        """What ``init`` fixed. Raises CommandError."""
        config = self._config.get()
        if config is None:
            raise CommandError(f"{self.home.config} is missing; restore it from a backup")
        return config

    @property
    def chain(self) -> Chain:
        """The root statements, as they are on disk now. Raises CommandError."""
        chain = self._chain.get()
        if chain is None:
            raise missing_chain(self.home)
        return chain

    @property
    def sunset(self) -> int:
        """When the system ends, Unix seconds: only the roots can move it, to an earlier time."""
        return self.chain.last.sunset

    @property
    def anchor(self) -> str:
        """What a new device pins: for people, the root thumbprint."""
        return self.chain.anchor

    @property
    def setup_code(self) -> str:
        """What a venue's page scans to be set up: ``QS1:``, URL, ``#``, the anchor."""
        return f"QS1:{self.config.url}#{self.anchor}"

    def activation_url(self, code: str) -> str:
        """The link of a slip with this code."""
        return format_activation_url(Activation(self.config.url, code, self.anchor))

    def published(self) -> Published | None:
        """The bundle in force, as it is on disk now; None before the first.

        Raises CommandError for a damaged one.
        """
        return self._published.get()

    def entered(self) -> Published | None:
        """A bundle that is in the log and waits for witnesses; None when none does."""
        return self._entered.get()

    def newest(self) -> Published | None:
        """What the next bundle goes on from: the one that waits, else the one in force."""
        return self.entered() or self.published()

    def notices(self) -> ListFile | None:
        """The list of notices as it is on disk now; None before the first, or a damaged one."""
        return self._notices.get()

    def log(self, number: int) -> Log | None:
        """The log with this number, opened once; None where there is none.

        One that lacks what it has signed can still be read: :meth:`Log.for_reading`. Raises
        CommandError for one without a key.
        """
        if number not in log_numbers(self.home):
            return None
        if number not in self._logs:
            self._logs[number] = Log.for_reading(self.home, number)
        return self._logs[number]

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
        """Whether the sunset has come.

        A damaged chain stops what needs a signer, and never the deletion of records.
        """
        try:
            return now >= self.sunset
        except CommandError:
            return False

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
        text, _ = split_carried(data)
        payload = jws.parse(text.decode("ascii")).unverified_payload
        sunset = parse_signed(payload["delegations"][-1]).statement.sunset
        bundle = parse_bundle(payload, sunset=sunset)
    except (ValueError, LookupError, TypeError, BundleRejected, LogRejected):
        # The next version could not be told from it, but a new root statement begins them anew.
        raise CommandError(
            "bundle.jws is damaged; remove it, then run: qupia-issuer keys delegate --root ROOT.pem"
        ) from None
    return Published(data, bundle_digest(data), tuple(payload["delegations"]), bundle)
