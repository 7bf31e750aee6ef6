"""How many people's passes look alike, told from how many people an authority serves.

A cell is a status and a hint. People are taken to be spread evenly over statuses and birthdays; a
rare status has fewer. What it means is docs/threat-model.md, "How many people look alike".
"""

from issuer.rules.values import Policy
from schemas.hints import (
    DAYS_IN_FOUR_YEARS,
    HintForm,
    Holder,
    all_hints,
    days_in_four_years,
)
from shell.errors import CommandError

LEAST = 100
"""With fewer people in its smallest cell an authority is not founded."""

FEW = 1_000
"""With fewer the authority is warned."""

_COARSER: dict[HintForm, tuple[HintForm, ...]] = {
    HintForm.DAY: (HintForm.MONTH, HintForm.NONE),
    HintForm.MONTH: (HintForm.NONE,),
    HintForm.NONE: (),
}


def cell_size(policy: Policy, hint: Holder) -> int | None:
    """How many people have passes of one status with this hint; None where nobody said how many."""
    if policy.people is None:
        return None
    parts = DAYS_IN_FOUR_YEARS * len(policy.statuses)
    return policy.people * days_in_four_years(hint) // parts


def smallest_cell(policy: Policy, form: HintForm) -> int | None:
    """The size of the cell with the rarest hint."""
    return cell_size(policy, min(all_hints(form), key=days_in_four_years))


def cells_warning(policy: Policy, form: HintForm) -> str | None:
    """What to warn of, if anything; raises CommandError for cells that are too small."""
    size = smallest_cell(policy, form)
    if size is None:
        return "policy.toml does not say how many people you serve; add people = N, to check groups"
    if size < LEAST:
        raise CommandError(f"{_only(policy, size)}, under {LEAST}: {_advice(policy, form)}")
    if size < FEW:
        return f"{_only(policy, size)}, under {FEW}: a door sees fewer still; {_help(policy, form)}"
    return None


def _only(policy: Policy, size: int) -> str:
    shown = f"only about {size} have" if size else "fewer than one would have"
    return f"of {policy.people} people {shown} passes that look alike"


def _help(policy: Policy, form: HintForm) -> str:
    ways = ["a coarser hint"] if _COARSER[form] else []
    ways += ["fewer statuses"] if len(policy.statuses) > 1 else []
    return f"{' or '.join(ways or ['one authority for many places'])} would help"


def _advice(policy: Policy, form: HintForm) -> str:
    """The next coarser hint, and what else there is where that is not enough."""
    coarser = [(other, smallest_cell(policy, other) or 0) for other in _COARSER[form]]
    enough = [number for number, (_, size) in enumerate(coarser, 1) if size >= LEAST]
    named = [f"init --hint {other} ({size})" for other, size in coarser[: min(enough, default=9)]]
    if enough:
        return f"take a coarser hint: {', '.join(named)}"
    fewer = "fewer statuses, or " if len(policy.statuses) > 1 else ""
    ways = f"have {fewer}one authority for many places"
    if not named:
        return f"no hint is coarser; {ways}"
    return f"coarser hints are not enough either: {', '.join(named)}; {ways}"
