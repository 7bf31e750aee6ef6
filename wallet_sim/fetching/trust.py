"""Which trust bundle a wallet believes, and what a new one changes. Pure.

The checks are docs/formats.md, "When a client refuses a bundle".
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from schemas import jws
from schemas.bundle import CLOCK_TOLERANCE, TrustBundle, parse_bundle
from schemas.bundle_faults import BundleRejected, TrustWarning
from schemas.continuity import LogMemory
from schemas.hints import all_hints
from schemas.kinds import DAY, LONGEST_EVIDENCE_DAYS
from schemas.log.entries import split_carried
from schemas.log.faults import LogRejected
from schemas.trust import accept_bundle
from shell.errors import CommandError
from wallet_sim.passes.issuance import drop_retired
from wallet_sim.passes.state import Entitlement, Names, PinnedAuthority, Wallet

LONGEST_ENTITLEMENT = (LONGEST_EVIDENCE_DAYS + 2) * DAY
"""Seconds: the longest evidence, to the end of its window, as seen by a clock that may err."""


class ClockBehind(CommandError):
    """The bundle is from the future, so the clock is wrong."""

    def __init__(self) -> None:
        super().__init__(
            "the clock of this device is behind; switch on automatic date and time, then try again"
        )


@dataclass(frozen=True)
class Trusted:
    """A bundle that was accepted, and the authority with all there is to remember of it."""

    authority: PinnedAuthority
    bundle: TrustBundle
    warnings: tuple[TrustWarning, ...] = ()
    log: LogMemory | None = None


def accept(
    authority: PinnedAuthority, data: bytes, *, now: int, leaves: Sequence[bytes] | None = None
) -> Trusted:
    """Accept a bundle against all that is known of ``authority``.

    ``leaves`` are those of the whole log, where they were fetched. Raises BundleRejected,
    ClockBehind, or CommandError for the bundle of another address.
    """
    held = authority.bundle.encode("utf-8") or None
    accepted = accept_bundle(data, state=authority.trust, now=now, held=held, leaves=leaves)
    bundle = accepted.bundle
    if bundle.iss != authority.issuer:
        raise CommandError(
            f"the issuer calls itself {bundle.iss}; check the address and use that one", exit_code=1
        )
    if now + CLOCK_TOLERANCE < bundle.iat:
        raise ClockBehind
    renewed = replace(
        authority,
        trust=accepted.state,
        bundle=accepted.data.decode("utf-8"),
        unsure=authority.unsure or TrustWarning.CONTINUITY_UNKNOWN in accepted.warnings,
    )
    return Trusted(renewed, bundle, accepted.warnings, accepted.log)


def stored_bundle(authority: PinnedAuthority) -> TrustBundle:
    """The bundle that was accepted last, whether or not it has expired since.

    Its signature was verified before it was stored. Raises CommandError for one that this program
    does not understand any more.
    """
    try:
        text, _ = split_carried(authority.bundle.encode("utf-8"))
        payload = jws.parse(text.decode("ascii")).unverified_payload
        return parse_bundle(payload, sunset=authority.trust.sunset or 0)
    except (ValueError, BundleRejected, LogRejected):
        raise CommandError(
            "the stored trust bundle cannot be read; run: qupia-wallet sync"
        ) from None


def adopt(wallet: Wallet, trusted: Trusted) -> Wallet:
    """``wallet`` under a newer bundle: without retired batches, the status under today's name.

    Raises CommandError when another command has changed the authority meanwhile.
    """
    held = wallet.authority
    if held is None or _anchor(held) != _anchor(trusted.authority):
        raise CommandError("another command changed this wallet meanwhile; try again")
    if _age(held) > _age(trusted.authority):
        return wallet
    entitlement = wallet.entitlement
    if entitlement is not None:
        entitlement = replace(entitlement, name=name_of(entitlement.status, trusted.bundle))
    renewed = replace(wallet, authority=trusted.authority, entitlement=entitlement)
    return drop_retired(renewed, trusted.bundle)


def name_of(status: str, bundle: TrustBundle) -> Names:
    """The name of a status; raises CommandError when the bundle has no such status."""
    try:
        name = bundle.status(status).name
    except KeyError:
        raise CommandError(
            "the authority's trust bundle does not have this wallet's status; report this to it",
            exit_code=1,
        ) from None
    return Names(name["kk"], name["ru"], name["en"])


def check_entitlement(entitlement: Entitlement, bundle: TrustBundle, *, now: int) -> None:
    """Raise CommandError for an entitlement that the bundle's grid has no place for."""
    if entitlement.holder not in all_hints(bundle.hint):
        raise CommandError(
            "the issuer gave a hint that its own trust bundle does not know; report this",
            exit_code=1,
        )
    if entitlement.until <= now:
        raise CommandError(
            "the evidence behind this code has run out; ask for a new code", exit_code=1
        )
    if entitlement.until > now + LONGEST_ENTITLEMENT:
        raise CommandError(
            "the issuer gave an entitlement that outlives any evidence; report this", exit_code=1
        )


def _anchor(authority: PinnedAuthority) -> tuple[str, str]:
    return authority.issuer, authority.trust.anchor


def _age(authority: PinnedAuthority) -> tuple[int, int]:
    return authority.trust.root_version, authority.trust.version
