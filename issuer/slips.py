"""What stands on the slip that a citizen takes home, in the citizen's language."""

from collections.abc import Mapping
from functools import partial

from issuer.paper import PaperSlip
from issuer.rules.policy import Policy
from schemas.activation import format_code, parse_activation_url, parse_code
from schemas.catalogues import load_catalogue
from schemas.kinds import HOUR, STORED_KINDS, Kind
from schemas.languages import Language
from shell.slip_form import Slip, SlipLine, Style
from shell.times import printed_time

__all__ = ["Slip", "activation_slip", "paper_slip"]

_CATALOGUE = load_catalogue("issuer")
_STORED = ("code", "row", "after", "stopped", "wallet", "venue", "more")


def activation_slip(
    policy: Policy, *, code: str, link: str, expires_at: int, language: Language
) -> Slip:
    """A slip with ``code`` to type and ``link`` to scan; ``expires_at`` in Unix seconds.

    It says in plain words what is stored, where and until when, as docs/data-map.md does.
    """
    shown = format_code(parse_code(code))
    values = printed_time(expires_at, policy.zone) | {
        "count": STORED_KINDS[Kind.CODE].period // HOUR,
        "link": f"{parse_activation_url(link).issuer}/transparency",
    }
    say = partial(_say, "slip", language, values)
    return Slip(
        qr=link,
        code=shown,
        above=(SlipLine(policy.name[language], Style.STRONG), SlipLine(say("title"), Style.TITLE)),
        below=(
            SlipLine(shown, Style.CODE),
            SlipLine(say("until"), Style.STRONG),
            SlipLine(f"{say('how')} {say('secret')}"),
            SlipLine(say("stored"), Style.STRONG),
            *(SlipLine(say(name)) for name in _STORED),
        ),
    )


def paper_slip(policy: Policy, issued: PaperSlip, *, language: Language) -> Slip:
    """The pass itself on paper: nothing on it is a secret, and nothing on it names anybody."""
    begins, ends = printed_time(issued.nbf, policy.zone), printed_time(issued.exp, policy.zone)
    month, day = issued.holder.split("-")
    names = {status.id: status.name[language] for status in policy.statuses}
    values = {
        "status": names[issued.status],
        "birthday": f"{day}.{month}",
        "begins": begins["date"],
        "ends": ends["date"],
        "zone": begins["zone"],
        "count": STORED_KINDS[Kind.ROW].period // HOUR,
    }
    say = partial(_say, "paper", language, values)
    return Slip(
        qr=issued.jwt,
        above=(SlipLine(policy.name[language], Style.STRONG), SlipLine(say("title"), Style.TITLE)),
        below=(
            SlipLine(say("status"), Style.STRONG),
            SlipLine(say("valid"), Style.STRONG),
            *(SlipLine(say(name)) for name in ("how", "copy", "class", "stored")),
        ),
    )


def _say(kind: str, language: Language, values: Mapping[str, object], name: str) -> str:
    return _CATALOGUE.say(f"{kind}_{name}", language, **values)
