"""What can be chosen about a town. All times are seconds after its first midnight."""

from dataclasses import dataclass

MINUTE = 60
HOUR = 3600
DAY = 24 * HOUR

CLOCKS = ("well", "mix", "bad")
HINTS = ("none", "month", "day")


@dataclass(frozen=True)
class Parameters:
    """Shares are between 0 and 1.

    ``open_share`` of the wallets run only while they are open. Of those who open a wallet without
    passes ``now_share`` ask *now*, the others have asked at home the evening before. At
    ``change_seen`` of the showings a camera sees the code change.
    """

    people: int = 20_000
    venues: int = 200
    days: int = 14
    hint: str = "month"
    statuses: int = 2
    seed: int = 1
    open_share: float = 0.0
    now_share: float = 0.0
    change_seen: float = 0.0
    clock: str = "mix"
