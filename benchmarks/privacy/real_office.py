"""The parties that a wallet meets: one real issuer over a real home, and one venue at a time."""

from dataclasses import dataclass
from pathlib import Path

from benchmarks.privacy.real_wire import Moment
from issuer.api.background import forget_what_is_over, one_round
from issuer.authority import Authority
from issuer.home import Home
from issuer.init import RootChoice, init_issuer
from issuer.publication.making import retire
from issuer.registration.codes import IssuedCode
from issuer.serving import create_all
from schemas.bundle import PassKey
from schemas.check_in import DEFAULT_HOURS, format_check_in
from schemas.hints import HintForm
from schemas.references import normalise_reference
from schemas.refusals import Refused
from schemas.windows import Window
from verifier.door.verification import verify
from verifier.presence.check_in import make_check_in
from verifier.trust.settings import Settings
from verifier.trust.store import TrustStore
from wallet_sim.fetching.activation import ActivationSlip

URL = "https://qupia.example"

BUNDLE_HOURS = 30
"""Bundles list the keys of two windows then, whenever they are made, and are read twice as fast."""


@dataclass(frozen=True)
class Result:
    """What a laboratory found: ``age`` seconds ago, of the person with that ``reference``."""

    evidence: str
    age: int
    birthday: str
    reference: str


class Office:
    """The authority. Call it within :func:`tests.support.issuers.pool_keys`."""

    def __init__(self, folder: Path, moment: Moment, hint: HintForm = HintForm.MONTH) -> None:
        self.moment = moment
        init_issuer(
            folder,
            name="Health Department",
            url=URL,
            hint=hint,
            sunset=None,
            specimen=False,
            roots=RootChoice(),
            now=moment(),
        )
        self.home = Home(folder)
        rules = self.home.policy.read_text(encoding="utf-8")
        shorter = rules.replace("bundle_hours = 72", f"bundle_hours = {BUNDLE_HOURS}")
        self.home.policy.write_text(shorter, encoding="utf-8")
        self.authority = Authority.open(self.home)
        # Answers that wait for a step of time have the same bytes.
        self.app = create_all(self.authority, moment, step=0)
        self.work()

    def close(self) -> None:
        self.authority.store.close()

    def work(self) -> None:
        """What ``serve`` does beside answering."""
        one_round(self.authority, self.moment)
        forget_what_is_over(self.authority, self.moment)

    def window(self) -> Window:
        return self.authority.policy.calendar.window_at(self.moment())

    @property
    def bundle(self) -> bytes:
        published = self.authority.published()
        if published is None:
            raise LookupError("the authority published no trust bundle")
        return published.data

    def register(self, result: Result) -> ActivationSlip:
        """The slip that the person is given."""
        now = self.moment()
        with self.authority.store.transaction(now) as tx:
            issued = self.authority.registrar.register(
                tx,
                evidence=result.evidence,
                at=now - result.age,
                birthday=result.birthday,
                reference=result.reference,
                now=now,
            )
        if not isinstance(issued, IssuedCode):
            raise LookupError(f"{result.evidence} gives no code")
        return ActivationSlip(URL, self.authority.anchor, issued.code)

    def withdraw(self, reference: str) -> None:
        """The person is ill."""
        now = self.moment()
        with self.authority.store.transaction(now) as tx:
            self.authority.registrar.withdraw_reference(
                tx, reference=normalise_reference(reference), evidence="positive", at=now, now=now
            )

    def retire(self, key: PassKey, *, after: int) -> None:
        """``keys retire --in HOURS``; ``after`` is in seconds."""
        now = self.moment()
        retire(self.authority, key, now, at=now + after)


class Door:
    """A venue with a check-in code, whose clock is right."""

    def __init__(self, folder: Path, office: Office) -> None:
        self._office = office
        self._store = TrustStore(folder)
        self._store.set_up(
            office.bundle, anchor=office.authority.anchor, settings=Settings(), now=office.moment()
        )

    def update(self) -> None:
        """Take the newest bundle."""
        self._store.accept(self._office.bundle, now=self._office.moment())

    def check_in_code(self) -> str:
        """The text of what stands at the entrance."""
        bundle = self._office.authority.bundle()
        now = self._office.moment()
        return format_check_in(
            make_check_in(self._store, bundle, name="Venue", hours=DEFAULT_HOURS, now=now)
        )

    def scan(self, code: str) -> str:
        """``admit``, or why not."""
        bundle = self._store.bundle()
        policy = bundle.policies[0] if bundle is not None else None
        try:
            verify(code, bundle=bundle, policy=policy, now=self._office.moment())
        except Refused as refused:
            return refused.fault.value
        return "admit"
