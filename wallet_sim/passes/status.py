"""What a wallet has and what to do next. Pure."""

from typing import Any

from schemas.encoding import format_time
from schemas.kinds import MINUTE
from wallet_sim.passes.state import CODE_SECONDS, REUSE_SECONDS, Batch, Wallet, last_shown

_STEP = 10 * MINUTE


def advice(wallet: Wallet, *, now: int) -> str:
    """The name of the text that says what to do next; ``now`` is the corrected time."""
    if wallet.entitlement is None:
        return "waiting_code" if wallet.activating else "not_activated"
    batch = wallet.batch_at(now)
    if batch is None:
        return "next_sync" if wallet.soon is None else "next_later"
    if not batch.passes:
        return "next_wait"
    if not batch.fresh:
        return "next_again"
    more = batch.window.exp < wallet.entitlement.until and next_batch(wallet, batch) is None
    return "next_watch" if more else "next_show"


def next_batch(wallet: Wallet, batch: Batch) -> Batch | None:
    """The batch of the window after that of ``batch``."""
    return next((held for held in wallet.batches if held.window.nbf == batch.window.exp), None)


def condition(wallet: Wallet, *, now: int) -> dict[str, Any]:
    """``status --json``: times as in JSON bodies, null where there is nothing to say."""
    entitlement, batch = wallet.entitlement, wallet.batch_at(now)
    following = next_batch(wallet, batch) if batch is not None else None
    return {
        "activated": entitlement is not None,
        "issuer": wallet.authority.issuer if wallet.authority is not None else None,
        "status": entitlement.status if entitlement is not None else None,
        "holder": entitlement.holder if entitlement is not None else None,
        "until": format_time(entitlement.until) if entitlement is not None else None,
        "window_ends": format_time(batch.window.exp) if batch is not None else None,
        "remaining": len(batch.fresh) if batch is not None else 0,
        "next_remaining": len(following.fresh) if following is not None else 0,
        "clock_offset": wallet.clock_offset,
        "next": advice(wallet, now=now),
    }


def holdings(wallet: Wallet, *, now: int) -> list[dict[str, Any]]:
    """Each thing that the wallet holds: what it is, when it dies, how many there are.

    Passes that came within their own window say so (see :func:`lateness`).
    """
    held = [_holding("code", waiting.since + CODE_SECONDS) for waiting in wallet.activating]
    if wallet.entitlement is not None:
        held.append(_holding("entitlement", wallet.entitlement.until))
    for batch in wallet.batches:
        held += _batch_holdings(batch, now)
    held += [_holding("request", request.window.exp) for request in wallet.pending]
    plans = (wallet.plan, wallet.soon)
    held += [_holding("plan", plan.window.exp) for plan in plans if plan is not None]
    held += [_holding("closed", window.exp) for window in wallet.closed]
    if wallet.quiet_until is not None:
        held.append(_holding("quiet", wallet.quiet_until))
    if wallet.authority is not None and wallet.authority.trust.sunset is not None:
        held.append(_holding("authority", wallet.authority.trust.sunset))
    return held


def lateness(batch: Batch, moment: int) -> dict[str, int]:
    """How many seconds at most before ``moment``, a showing, the passes came; ten whole minutes.

    Empty where they came the day before: then that time tells nobody whose pass is shown.
    """
    if batch.came is None:
        return {}
    return {"fetched_before_seconds": max(1, -(-(moment - batch.came) // _STEP)) * _STEP}


def _batch_holdings(batch: Batch, now: int) -> list[dict[str, Any]]:
    held = [] if batch.passes else [_holding("lost", batch.ends)]
    if batch.fresh:
        passes = _holding("passes", batch.ends, count=len(batch.fresh))
        held.append(passes | lateness(batch, now))
    last = None if batch.fresh else last_shown(batch)
    for used in batch.passes:
        if used.shown is not None:
            ends = batch.ends if used is last else used.shown + REUSE_SECONDS
            entry = _holding("used_pass", min(ends, batch.ends))
            held.append(entry | lateness(batch, used.shown))
    return held


def _holding(what: str, dies: int, *, count: int = 1) -> dict[str, Any]:
    return {"what": what, "dies": format_time(dies), "count": count}
