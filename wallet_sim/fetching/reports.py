"""What commands print: the members of ``--json``, and lines for people."""

from typing import Any

from schemas.catalogues import sentence
from schemas.encoding import format_time, parse_body_time
from schemas.kinds import HOUR, MINUTE
from schemas.languages import Language
from schemas.windows import Window
from shell.times import local_time
from wallet_sim.fetching.sync import Synced
from wallet_sim.passes.state import Batch, Entitlement, Wallet
from wallet_sim.passes.status import advice, next_batch
from wallet_sim.texts import knows, text


def status_name(entitlement: Entitlement, language: Language) -> str:
    """The status in the holder's language."""
    return str(getattr(entitlement.name, language))


def activated_lines(entitlement: Entitlement, language: Language) -> list[str]:
    """What the activation gave."""
    name, until = status_name(entitlement, language), local_time(entitlement.until)
    return [
        text("activated", language, status=name, until=until),
        hint_line(entitlement, language),
    ]


def hint_line(entitlement: Entitlement, language: Language) -> str:
    """What the passes give away of the birthday."""
    if entitlement.holder is None:
        return text("hint_none", language)
    form = "hint_day" if "-" in entitlement.holder else "hint_month"
    return text(form, language, holder=entitlement.holder)


def synced_lines(synced: Synced, language: Language) -> list[str]:
    """What came, and what the holder must know about it."""
    lines = [
        text("fetched", language, count=len(batch.passes), **_times(batch.window))
        for batch in synced.asked
        if batch.fault is None
    ]
    if synced.asked_now:
        lines.append(text("fetched_now", language))
    if not synced.asked and not fault_lines(synced, language):
        lines.append(text("nothing_missing" if synced.has_current else "no_current", language))
    return lines


def fault_lines(synced: Synced, language: Language) -> list[str]:
    """Windows whose passes are lost, loudly."""
    return [
        text(batch.fault, language, **_times(batch.window))
        for batch in synced.wallet.batches
        if batch.fault is not None
    ]


def synced_members(synced: Synced) -> dict[str, Any]:
    """``sync --json``."""
    batch = synced.wallet.batch_at(synced.now)
    following = next_batch(synced.wallet, batch) if batch is not None else None
    return {
        "current": synced.has_current,
        "window_ends": format_time(batch.window.exp) if batch is not None else None,
        "remaining": len(batch.fresh) if batch is not None else 0,
        "next_remaining": len(following.fresh) if following is not None else 0,
        "fetched": sum(len(asked.passes) for asked in synced.asked),
        "issuer_saw_the_time": synced.asked_now,
    }


def status_lines(wallet: Wallet, now: int, language: Language) -> list[str]:
    """``status`` for people; the last line says what to do next."""
    lines = []
    if wallet.entitlement is not None:
        lines.append(_entitlement_line(wallet, wallet.entitlement, language))
    lines += [_batch_line(batch, now, language) for batch in wallet.batches]
    lines += warning_lines(wallet, language)
    if wallet.clock_offset:
        lines.append(clock_line(wallet.clock_offset, language))
    batch = wallet.batch_at(now)
    ends = local_time(batch.ends) if batch is not None else ""
    return [*lines, text(advice(wallet, now=now), language, ends=ends)]


def clock_line(offset: int, language: Language) -> str:
    """What a device's clock lacks as far as the issuer says, in seconds; 0 once it is right."""
    if not offset:
        return text("clock_right", language)
    return text("clock_corrected", language, seconds=abs(offset))


def warning_lines(wallet: Wallet, language: Language) -> list[str]:
    """What is said of the authority until a person has read it."""
    unread = wallet.authority.unread if wallet.authority is not None else ()
    return [sentence(warning, language) for warning in unread]


def _entitlement_line(wallet: Wallet, entitlement: Entitlement, language: Language) -> str:
    return text(
        "status_entitlement",
        language,
        status=status_name(entitlement, language),
        issuer=wallet.authority.issuer if wallet.authority is not None else "",
        until=local_time(entitlement.until),
    )


def _batch_line(batch: Batch, now: int, language: Language) -> str:
    if batch.fault is not None:
        return text(batch.fault, language, **_times(batch.window))
    name = "status_now" if batch.window.contains(now) else "status_next"
    begins, ends = local_time(batch.window.nbf), local_time(batch.ends)
    return text(name, language, number=len(batch.fresh), begins=begins, ends=ends)


def data_lines(
    wallet: list[dict[str, Any]], issuer: list[dict[str, Any]] | None, language: Language
) -> list[str]:
    """``data`` for people; ``issuer`` is None when it could not be asked."""
    lines = [text("data_wallet", language), *_indented(held_lines(wallet, "held", language)), ""]
    if issuer is None:
        return [*lines, text("data_unknown", language)]
    held = _indented(held_lines(issuer, "issuer", language))
    return [*lines, text("data_issuer", language), *held]


def held_lines(entries: list[dict[str, Any]], part: str, language: Language) -> list[str]:
    """What is held and when each dies; ``part`` is ``held`` in the wallet, or ``issuer``."""
    lines = [_held_line(entry, part, language) for entry in entries]
    return lines or [text("data_nothing", language)]


def _indented(lines: list[str]) -> list[str]:
    return [f"  {line}" for line in lines]


def _held_line(entry: dict[str, Any], part: str, language: Language) -> str:
    """One entry; what an issuer calls by an unknown name is quoted, without control characters."""
    name = f"{part}_{entry['what']}"
    values = {"number": entry.get("count", 1), "date": entry.get("date", "")}
    known = text(name, language, **values) if knows(name) else None
    what = known or ascii(entry["what"])
    line = text("data_line", language, what=what, dies=_local_body_time(entry["dies"]))
    if "fetched_before_seconds" not in entry:
        return line
    form = "shown_late" if entry["what"] == "used_pass" else "fetched_late"
    return f"{line}. {late_line(form, entry['fetched_before_seconds'], language)}"


def late_line(form: str, before: int, language: Language) -> str:
    """What weakens passes that came within their own window, ``before`` seconds ahead at most.

    ``form`` is ``fetched_late`` of fresh passes, ``shown_late`` of one that was shown.
    """
    hours, minutes = before // HOUR, before % HOUR // MINUTE
    name = "hours_and_minutes" if hours else "minutes"
    return text(form, language, before=text(name, language, hours=hours, minutes=minutes))


def _local_body_time(value: str) -> str:
    try:
        return local_time(parse_body_time(value))
    except (ValueError, OverflowError):
        return value


def _times(window: Window) -> dict[str, str]:
    return {"begins": local_time(window.nbf), "ends": local_time(window.exp)}
