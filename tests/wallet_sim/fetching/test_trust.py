"""What a new bundle changes in a wallet."""

from dataclasses import replace

import pytest

from schemas.kinds import DAY
from shell.errors import CommandError
from tests.support.world import NOON, World
from wallet_sim.fetching.trust import ClockBehind, Trusted, accept, adopt, name_of
from wallet_sim.passes.state import Entitlement, Names, PinnedAuthority, Wallet


@pytest.fixture
def authority(world: World) -> PinnedAuthority:
    return PinnedAuthority(world.iss, world.state())


def test_an_accepted_bundle_is_remembered_as_it_came(
    world: World, authority: PinnedAuthority
) -> None:
    data = world.bundle(NOON)
    trusted = accept(authority, data, now=NOON)
    assert trusted.authority.bundle.encode() == data
    assert trusted.authority.trust.version == trusted.bundle.version == 1
    assert trusted.authority.challenge == trusted.bundle.challenge


def test_a_bundle_may_be_120_seconds_from_the_future_and_no_more(
    world: World, authority: PinnedAuthority
) -> None:
    data = world.bundle(NOON)
    assert accept(authority, data, now=NOON - 120).bundle.iat == NOON
    with pytest.raises(ClockBehind, match="the clock of this device is behind"):
        accept(authority, data, now=NOON - 121)


def test_a_wallet_that_has_seen_a_newer_bundle_meanwhile_keeps_that(
    world: World, authority: PinnedAuthority
) -> None:
    old = accept(authority, world.bundle(NOON), now=NOON)
    new = accept(old.authority, world.bundle(NOON), now=NOON)
    wallet = Wallet(authority=new.authority)
    assert adopt(wallet, old) == wallet
    assert adopt(Wallet(authority=old.authority), new) == wallet


def test_a_new_root_statement_counts_more_than_a_higher_version(
    world: World, authority: PinnedAuthority
) -> None:
    world.bundle(NOON)
    before = accept(authority, world.bundle(NOON), now=NOON)
    world.delegate(NOON)
    after = accept(before.authority, world.bundle(NOON), now=NOON)
    assert after.authority.trust.version < before.authority.trust.version
    assert adopt(Wallet(authority=before.authority), after).authority == after.authority
    assert adopt(Wallet(authority=after.authority), before).authority == after.authority


@pytest.mark.parametrize("change", ["issuer", "root", "gone"])
def test_a_wallet_that_follows_another_authority_by_now_is_left_alone(
    world: World, authority: PinnedAuthority, change: str
) -> None:
    trusted = accept(authority, world.bundle(NOON), now=NOON)
    other = {
        "issuer": replace(trusted.authority, issuer="https://other.example"),
        "root": replace(trusted.authority, trust=replace(authority.trust, anchor="other")),
        "gone": None,
    }[change]
    with pytest.raises(CommandError, match="another command changed this wallet"):
        adopt(Wallet(authority=other), trusted)


def test_a_status_is_shown_under_its_newest_name(world: World, authority: PinnedAuthority) -> None:
    entitlement = Entitlement("e", b"k", "green", Names("", "", "old"), None, NOON + DAY)
    trusted = accept(authority, world.bundle(NOON), now=NOON)
    renewed = adopt(Wallet(authority=trusted.authority, entitlement=entitlement), trusted)
    assert renewed.entitlement is not None
    assert renewed.entitlement.name == Names("Жасыл", "Зелёный", "Green")


def test_a_status_that_is_no_more_stops_the_wallet(
    world: World, authority: PinnedAuthority
) -> None:
    trusted: Trusted = accept(authority, world.bundle(NOON), now=NOON)
    with pytest.raises(CommandError, match="does not have this wallet's status"):
        name_of("violet", trusted.bundle)
