"""Time that passes while a wallet is served, with a look at all wallets every few minutes."""

from schemas.kinds import MINUTE
from tests.support.issuer_in_memory import Phone
from wallet_sim.web.background import look_after
from wallet_sim.web.house import House

EACH = 5 * MINUTE


def live(house: House, phone: Phone, seconds: int = 15 * MINUTE) -> None:
    """Let so many seconds pass; the quiet minutes of a start are over after a quarter of an hour.

    The last look is at the end, and a wallet that was due has asked by then.
    """
    for _ in range(seconds // EACH):
        look_after(house)
        phone.clock.now += EACH
    look_after(house)
