"""What a retirement costs people."""

from dataclasses import replace

import pytest

from issuer.publication.switching import SwitchCost, switch_cost
from issuer.rules.policy import default_policy_text, parse_policy
from tests.support.issuers import Service

POLICY = parse_policy(default_policy_text())


def cost(issuer: Service, people: int | None, hours: int) -> SwitchCost:
    key = replace(issuer.authority.bundle().pass_keys[0], holder=None)
    return switch_cost(replace(POLICY, people=people), key, hours=hours)


@pytest.mark.parametrize("hours", [0, 1, 6])
def test_a_quick_switch_leaves_one_in_six_after_an_hour_at_most(
    issuer: Service, hours: int
) -> None:
    assert cost(issuer, 3_000, hours) == SwitchCost(is_quick=True, alike=1_500, soon=250)


@pytest.mark.parametrize("hours", [7, 24])
def test_a_switch_for_which_every_wallet_that_runs_has_time_is_not_quick(
    issuer: Service, hours: int
) -> None:
    assert cost(issuer, 3_000, hours) == SwitchCost(is_quick=False, alike=1_500, soon=None)


def test_without_the_number_of_people_only_the_quickness_is_known(issuer: Service) -> None:
    assert cost(issuer, None, 0) == SwitchCost(is_quick=True, alike=None, soon=None)
