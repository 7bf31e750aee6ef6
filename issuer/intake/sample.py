"""The number of a sample or an order: by it a slip finds its person. It is stored nowhere."""

from datetime import datetime

from issuer.registration.iin import parse_iin
from issuer.rules.export_rules import tidy
from issuer.rules.policy import Policy

LONGEST_SAMPLE = 64
"""Characters; what is longer is no number of a sample."""

_FORMULAS = ("=", "+", "-", "@")
"""How a cell begins that a spreadsheet would compute."""


def read_sample(text: str | None, policy: Policy, now: int) -> str | None:
    """What goes beside a code; empty for a text that is none, or that is somebody's IIN.

    None where the export has no such column.
    """
    if text is None:
        return None
    number = tidy(text)
    if len(number) > LONGEST_SAMPLE or not number.isprintable() or _is_iin(number, policy, now):
        return ""
    return "" if number.startswith(_FORMULAS) else number


def _is_iin(text: str, policy: Policy, now: int) -> bool:
    try:
        parse_iin(text, today=datetime.fromtimestamp(now, policy.zone).date())
    except ValueError:
        return False
    return True
