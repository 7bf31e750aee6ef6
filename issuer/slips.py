"""What stands on the slip that a citizen takes home, in the citizen's language."""

import json
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Any
from zoneinfo import ZoneInfo

from issuer.paper import PaperSlip
from issuer.rules.policy import Policy
from schemas.activation import format_code, parse_activation_url, parse_code
from schemas.kinds import HOUR, STORED_KINDS, Kind
from schemas.languages import Language
from shell.slip_form import Slip, SlipLine, Style

__all__ = ["Slip", "activation_slip", "local_time", "paper_slip"]

_STORED = ("code", "row", "after", "stopped", "wallet", "venue", "more")


def activation_slip(
    policy: Policy, *, code: str, link: str, expires_at: int, language: Language
) -> Slip:
    """A slip with ``code`` to type and ``link`` to scan; ``expires_at`` in Unix seconds.

    It says in plain words what is stored, where and until when, as docs/data-map.md does.
    """
    shown = format_code(parse_code(code))
    values = local_time(expires_at, policy.zone) | {
        "hours": STORED_KINDS[Kind.CODE].period // HOUR,
        "link": f"{parse_activation_url(link).issuer}/transparency",
    }
    say = _filled("", language, values)
    return Slip(
        qr=link,
        code=shown,
        above=(SlipLine(policy.name[language], Style.STRONG), SlipLine(say["title"], Style.TITLE)),
        below=(
            SlipLine(shown, Style.CODE),
            SlipLine(say["until"], Style.STRONG),
            SlipLine(f"{say['how']} {say['secret']}"),
            SlipLine(say["stored"], Style.STRONG),
            *(SlipLine(say[name]) for name in _STORED),
        ),
    )


def paper_slip(policy: Policy, issued: PaperSlip, *, language: Language) -> Slip:
    """The pass itself on paper: nothing on it is a secret, and nothing on it names anybody."""
    begins, ends = local_time(issued.nbf, policy.zone), local_time(issued.exp, policy.zone)
    month, day = issued.holder.split("-")
    names = {status.id: status.name[language] for status in policy.statuses}
    values = {
        "status": names[issued.status],
        "birthday": f"{day}.{month}",
        "begins": begins["date"],
        "ends": ends["date"],
        "zone": begins["zone"],
        "hours": STORED_KINDS[Kind.ROW].period // HOUR,
    }
    say = _filled("paper_", language, values)
    return Slip(
        qr=issued.jwt,
        above=(SlipLine(policy.name[language], Style.STRONG), SlipLine(say["title"], Style.TITLE)),
        below=(
            SlipLine(say["status"], Style.STRONG),
            SlipLine(say["valid"], Style.STRONG),
            *(SlipLine(say[name]) for name in ("how", "copy", "class", "stored")),
        ),
    )


def _filled(prefix: str, language: Language, values: Mapping[str, Any]) -> dict[str, str]:
    """The texts of one kind of slip, by their names without ``prefix``, with their values."""
    return {
        name.removeprefix(prefix): text.format_map(values)
        for name, text in _texts()[language].items()
        if name.startswith("paper_") == (prefix == "paper_")
    }


def local_time(at: int, zone: ZoneInfo) -> dict[str, Any]:
    """``date``, ``time`` and ``zone`` (``UTC+05:00``) as they are printed, the last minute kept."""
    moment = datetime.fromtimestamp(at, zone)
    offset = moment.strftime("%z")
    return {
        "date": moment.strftime("%d.%m.%Y"),
        "time": moment.strftime("%H:%M"),
        "zone": f"UTC{offset[:3]}:{offset[3:5]}",
    }


@cache
def _texts() -> dict[str, dict[str, str]]:
    text = files("issuer").joinpath("slip_texts.json").read_text(encoding="utf-8")
    texts: dict[str, dict[str, str]] = json.loads(text)
    return texts
