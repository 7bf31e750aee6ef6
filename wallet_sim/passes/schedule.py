"""When a wallet asks by itself. Pure: the time and the randomness are handed in.

The rules are docs/formats.md, "Fetching passes".

Who is admitted at a door minutes after the issuer handed out a batch is easily guessed. So the next
window's batch is asked for at a random time of the window before, whatever happens meanwhile, and
nothing is asked for in the minutes after a person has taken the wallet into their hand.
"""

from collections.abc import Callable
from dataclasses import replace

from schemas.bundle import TrustBundle
from schemas.kinds import HOUR, MINUTE
from schemas.windows import Window
from wallet_sim.passes.state import Plan, Wallet

Below = Callable[[int], int]
"""A uniformly random number from 0 up to, but not including, the argument."""

QUIET = 10 * MINUTE
"""Seconds after a start, a showing or a check-in in which a wallet asks for nothing by itself."""

LATER = 2 * HOUR
"""Seconds within which passes for now come when their holder has asked for them *later*."""


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
    """What a running wallet asks for now by itself: the next window as planned.

    The current window too when its holder has asked for it *later*, or its key is being replaced.
    """
    windows = wanted_windows(wallet, bundle, now=now)
    if is_due(wallet.soon, now):
        return windows
    return windows[1:] if is_due(wallet.plan, now) else ()


def is_due(plan: Plan | None, now: int) -> bool:
    """Whether the planned time has come; a plan whose window is over is void."""
    return plan is not None and plan.window.contains(now) and plan.at <= now


def has_work(wallet: Wallet, now: int) -> bool:
    """Whether a running wallet has something to ask for at ``now``, the corrected time."""
    return is_due(wallet.plan, now) or is_due(wallet.soon, now)


def needs_plan(wallet: Wallet, now: int) -> bool:
    """Whether the bundle has to be looked at, because there is no plan in force."""
    return wallet.entitlement is not None and (wallet.plan is None or wallet.plan.window.exp <= now)


def plan_next(
    wallet: Wallet, windows: tuple[Window, ...], *, now: int, below: Below, free_from: int = 0
) -> Wallet:
    """``wallet`` with a plan for the next window; ``windows`` are the wanted ones.

    A time once drawn stays, or starting the wallet often would make early times more likely.
    """
    asking = _window_to_ask_in(wallet, windows)
    if asking is None or (wallet.plan is not None and wallet.plan.window == asking):
        return wallet if asking is not None else replace(wallet, plan=None)
    return replace(wallet, plan=_draw(asking, max(now, free_from), below))


def plan_soon(wallet: Wallet, *, now: int, below: Below) -> Wallet:
    """``wallet`` once its holder has asked for the passes of now, at a random time.

    Unchanged where it has them: what is not missing is not asked for.
    """
    held = wallet.batch_at(now)
    if held is not None and held.retires is None:
        return wallet
    return replace(wallet, soon=_draw(Window(now, now + LATER), now, below))


def plan_replacement(wallet: Wallet, *, now: int, below: Below, free_from: int = 0) -> Wallet:
    """``wallet`` with a time at which it fetches anew what is under keys that are being replaced.

    Once a window: whoever replaces a key again would otherwise call wallets when they like. The
    time lies before the key is retired; where that has passed, or is too near, the holder is asked.
    """
    ends = [
        batch.retires
        for batch in wallet.batches
        if batch.retires is not None and batch.window not in wallet.closed
    ]
    if wallet.soon is not None or not ends or min(ends) <= now:
        return wallet
    return replace(wallet, soon=_draw(Window(now, min(ends)), max(now, free_from), below))


def hold_back(wallet: Wallet, *, free_from: int, below: Below) -> Wallet:
    """``wallet`` without plans before ``free_from``: they are drawn anew over what is left.

    So it is with a plan that was missed because the wallet did not run, that falls into the quiet
    minutes, or whose request failed: what is left halves each time, so there are few attempts, and
    they have no rhythm. Where nothing is left, nothing is asked for and the holder is asked.
    """
    return replace(
        wallet,
        plan=_held_back(wallet.plan, free_from, below),
        soon=_held_back(wallet.soon, free_from, below),
    )


def keep_quiet(wallet: Wallet, now: int) -> Wallet:
    """``wallet`` at a moment that others can see: a showing or a check-in.

    To whole minutes, which is enough to keep quiet and tells less.
    """
    return replace(wallet, quiet_until=-(-(now + QUIET) // MINUTE) * MINUTE)


def settle(
    wallet: Wallet, windows: tuple[Window, ...], *, now: int, below: Below, free_from: int = 0
) -> Wallet:
    """``wallet`` after an answer: with a plan for what comes next, and no errand that is done."""
    held = {batch.window for batch in wallet.batches if batch.retires is None}
    soon = None if is_due(wallet.soon, now) or held.issuperset(windows) else wallet.soon
    return plan_next(replace(wallet, soon=soon), windows, now=now, below=below, free_from=free_from)


def _window_to_ask_in(wallet: Wallet, windows: tuple[Window, ...]) -> Window | None:
    """The current window until the next one was asked for, then the next; None at the end of all.

    Whatever came of it: one for which nothing is to be had counts as asked for.
    """
    if wallet.entitlement is None or not windows:
        return None
    asked = {batch.window for batch in wallet.batches}.union(wallet.closed)
    current = windows[0]
    if current.exp >= wallet.entitlement.until:
        return None
    following = windows[1] if len(windows) > 1 else None
    if following is None or following not in asked:
        return current
    return following if following.exp < wallet.entitlement.until else None


def _held_back(plan: Plan | None, free_from: int, below: Below) -> Plan | None:
    if plan is None or plan.at >= free_from:
        return plan
    return _draw(plan.window, free_from, below)


def _draw(window: Window, free_from: int, below: Below) -> Plan | None:
    """A time of ``window``, not before ``free_from``; None where nothing of it is left then."""
    start = max(window.nbf, free_from)
    return Plan(window, start + below(window.exp - start)) if start < window.exp else None
