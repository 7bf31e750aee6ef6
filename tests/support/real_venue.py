"""A venue of a real issuer, without its program: its codes, and the notices of its hours."""

from dataclasses import dataclass, replace
from pathlib import Path

from issuer.keys.tracing import export_key, tracing_seeds
from issuer.notices.exports import Proposal
from issuer.notices.publishing import agree_to_notice, propose_notice, withdraw_notice
from schemas.bundle import TrustBundle
from schemas.check_in import DEFAULT_HOURS, CheckInCode, format_check_in, grid_at
from schemas.hour_keys import public_half
from schemas.hours import begin_of, day_at, hour_at
from schemas.trace import format_trace, seal_trace
from schemas.trust import TrustState, accept_bundle
from shell.clock import system_clock
from tests.support.exports import FIRST, SECOND, venue_key
from tests.support.processes import RealIssuer
from wallet_sim.presence.check_in import check_in
from wallet_sim.presence.file import VisitsFile
from wallet_sim.presence.state import Visits


def bundle_of(issuer: RealIssuer) -> TrustBundle:
    """The newest one that it serves."""
    data = issuer.call("GET", "/.well-known/qupia/trust-bundle").body
    return accept_bundle(data, state=TrustState(anchor=issuer.root), now=system_clock()).bundle


@dataclass(frozen=True)
class RealVenue:
    """``name`` stands in its codes, and its keys depend on it."""

    issuer: RealIssuer
    name: str = "Кафе «Сәуле»"

    def code(self, *, at: int | None = None, sees_other_keys: bool = False) -> str:
        """What it shows now, or showed in the hour ``at``."""
        now = system_clock()
        first = hour_at(now) if at is None else at
        grid = bytes(16) if sees_other_keys else grid_at(bundle_of(self.issuer), now)
        assert grid is not None
        hours = range(first, first + DEFAULT_HOURS)
        keys = tuple(public_half(venue_key(hour, self.name)) for hour in hours)
        return format_check_in(CheckInCode(first, keys, grid, self.name))

    def receive(self, home: Path, hour: int) -> None:
        """As if the owner of the wallet in ``home`` had checked in here in an hour of before.

        Only hours that are over can be published, and the clocks of real programs stand at now.
        """
        visits, bundle = VisitsFile(home, system_clock), bundle_of(self.issuer)
        code, then = self.code(at=hour), begin_of(hour)

        def change(held: Visits) -> Visits:
            earlier = check_in(replace(held, stay=None), code, bundle=bundle, now=then)
            return replace(earlier.visits, stay=held.stay)

        visits.update(change)

    def export(self, hour: int) -> bytes:
        """The file of one hour, as the venue hands it to the authority."""
        now, iss = system_clock(), self.issuer.url
        keys = {hour: venue_key(hour, self.name)}
        with self.issuer.opened() as authority:
            private = export_key(tracing_seeds(authority.home), day_at(now), now)
        assert private is not None
        key = public_half(private)
        return format_trace(seal_trace(keys, iss=iss, day=day_at(now), authority_key=key))


def publish(issuer: RealIssuer, export: bytes, hour: int) -> str:
    """An officer publishes one hour that was brought at the home; the publication's name."""
    now = system_clock()
    proposal = Proposal.of(export, start=begin_of(hour), end=begin_of(hour + 1))
    with issuer.opened() as authority:
        waiting = propose_notice(authority, proposal, None, now)
        return agree_to_notice(authority, waiting.digest, SECOND, now).name


def withdraw(issuer: RealIssuer, name: str) -> None:
    """An officer takes a publication back."""
    with issuer.opened() as authority:
        assert withdraw_notice(authority, name, FIRST, system_clock()) == 1
