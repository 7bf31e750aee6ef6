"""A code that renews itself on a screen."""

from tests.support.issuer_in_memory import Time
from tests.support.showings import chosen, wallet
from tests.support.world import NOON
from wallet_sim.showing import keep_showing


def test_a_code_on_the_screen_is_renewed_every_half_minute_for_five_minutes() -> None:
    clock = Time(NOON + 7)
    showing = chosen(wallet(None, None), now=clock.now)
    drawn: list[int] = []
    keep_showing(showing, draw=drawn.append, now=clock, sleep=clock.sleep)
    assert drawn[0] == NOON + 7
    assert drawn[1:] == [NOON + 30 * i for i in range(1, 11)]
