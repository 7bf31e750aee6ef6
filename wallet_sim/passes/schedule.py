"""When passes are asked for. Pure: the time and the randomness are handed in.

The rules are docs/formats.md, "Fetching passes".

Who is admitted at a door minutes after the issuer handed out a batch is easily guessed, so the
next window's batch is asked for at a random time of the window before, whatever happens meanwhile.
"""

from collections.abc import Callable
from dataclasses import replace

from schemas.bundle import TrustBundle
from schemas.windows import Window
from wallet_sim.passes.state import Plan, Wallet

Below = Callable[[int], int]
"""A uniformly random number from 0 up to, but not including, the argument."""


def wanted_windows(wallet: Wallet, bundle: TrustBundle, *, now: int) -> tuple[Window, ...]:
    """The current and the next window, as far as they are in the grid and worth asking for.

    Empty when nothing is activated or the current window is not in the grid.
    """
    current = next((window for window in bundle.windows if window.contains(now)), None)
    if current is None or wallet.entitlement is None:
        return ()
    end = min(wallet.entitlement.until, bundle.sunset)
    following = (window for window in bundle.windows if window.nbf == current.exp)
    return tuple(window for window in (current, *following) if window.nbf < end)


def due_windows(wallet: Wallet, bundle: TrustBundle, *, now: int) -> tuple[Window, ...]:
    """What a running wallet asks for: a missed window at once, the next one as planned."""
    windows = wanted_windows(wallet, bundle, now=now)
    return windows if is_due(wallet.plan, now) else windows[:1]


def is_due(plan: Plan | None, now: int) -> bool:
    """Whether the planned time has come; a plan of a window that is over is void."""
    return plan is not None and plan.window.contains(now) and plan.at <= now


def plan_next(wallet: Wallet, windows: tuple[Window, ...], *, now: int, below: Below) -> Wallet:
    """``wallet`` with a plan for the next request; ``windows`` are the wanted ones.

    A time once drawn stays, or starting the wallet often would make early times more likely.
    """
    asking = _window_to_ask_in(wallet, windows)
    if asking is None or (wallet.plan is not None and wallet.plan.window == asking):
        return wallet if asking is not None else replace(wallet, plan=None)
    start = max(now, asking.nbf)
    return replace(wallet, plan=Plan(asking, start + below(asking.exp - start)))


def _window_to_ask_in(wallet: Wallet, windows: tuple[Window, ...]) -> Window | None:
    """The current window while the next one is missing, then the next; None at the end of all."""
    if wallet.entitlement is None or not windows:
        return None
    held = {batch.window for batch in wallet.batches}
    current = windows[0]
    if current.exp >= wallet.entitlement.until:
        return None
    following = windows[1] if len(windows) > 1 else None
    if following is None or following not in held:
        return current
    return following if following.exp < wallet.entitlement.until else None


def has_work(wallet: Wallet, now: int) -> bool:
    """Whether a running wallet has something to fetch at ``now``, the corrected time."""
    batch = wallet.batch_at(now)
    if batch is None or wallet.entitlement is None:
        return wallet.entitlement is not None
    if wallet.plan is None or wallet.plan.window.exp <= now:
        return batch.window.exp < wallet.entitlement.until
    return is_due(wallet.plan, now)
