"""Exports of venues, as a venue's program writes them, and who publishes them."""

from collections.abc import Iterable
from hashlib import sha256

from issuer.keys.tracing import export_key, tracing_seeds
from issuer.notices.exports import Proposal
from issuer.notices.publishing import Publication, agree_to_notice, propose_notice
from issuer.staff import Account, Role
from schemas.hour_keys import VENUE_LABEL, derive_hour_key, public_half
from schemas.hours import begin_of, day_at
from schemas.trace import format_trace, seal_trace
from tests.support.issuers import Service

FIRST = Account(1, "First", Role.OFFICER, 0)
SECOND = Account(2, "Second", Role.OFFICER, 0)
"""The first two accounts of a home; a test in which one brings an export has to add them."""


def venue_key(hour: int, venue: str = "venue") -> bytes:
    """The private key of an hour at a venue of that name."""
    return derive_hour_key(sha256(venue.encode()).digest(), hour, label=VENUE_LABEL)


def export_of(
    service: Service,
    hours: Iterable[int],
    *,
    venue: str = "venue",
    sealed_on: int | None = None,
    iss: str | None = None,
    authority_key: bytes | None = None,
) -> bytes:
    """The file with a venue's keys of ``hours``, sealed to the authority's export key of this day.

    What a test names instead is wrong with it.
    """
    sealed_on = day_at(service.now) if sealed_on is None else sealed_on
    if authority_key is None:
        private = export_key(tracing_seeds(service.home), sealed_on, service.now)
        assert private is not None
        authority_key = public_half(private)
    keys = {hour: venue_key(hour, venue) for hour in hours}
    iss = iss or service.authority.config.url
    return format_trace(seal_trace(keys, iss=iss, day=sealed_on, authority_key=authority_key))


def proposal_of(service: Service, hours: Iterable[int], *, venue: str = "venue") -> Proposal:
    """An export of ``hours``, proposed for all of them."""
    numbers = sorted(hours)
    start, end = begin_of(numbers[0]), begin_of(numbers[-1] + 1)
    return Proposal.of(export_of(service, numbers, venue=venue), start=start, end=end)


def publish_hours(service: Service, hours: Iterable[int], *, venue: str = "venue") -> Publication:
    """An officer publishes now what was brought at the home."""
    proposal = proposal_of(service, hours, venue=venue)
    waiting = propose_notice(service.authority, proposal, None, service.now)
    return agree_to_notice(service.authority, waiting.digest, SECOND, service.now)
