"""How this device stands: its bundle, its clock and the next thing to do.

The ages are docs/formats.md, "The trust bundle".
"""

from dataclasses import dataclass
from enum import StrEnum

from schemas.bundle import FRESH, TrustBundle
from schemas.refusals import Reason, Refused
from verifier.door.verification import check_bundle
from verifier.trust.settings import ClockCheck, Settings

CLOCK_WARNING = 30
"""Seconds of clock difference from which passes may be refused: half of what step 7 allows."""


class NextStep(StrEnum):
    """What the person responsible for the device does next."""

    NOTHING = "nothing"
    SETUP = "setup"
    SYNC = "sync"
    IMPORT = "import"
    CLOCK = "clock"
    POLICY = "policy"
    END = "end"


@dataclass(frozen=True)
class Condition:
    """``refused`` is what every scan answers now; None when passes can be checked.

    ``age`` is the bundle's in seconds, None without one.
    """

    refused: Refused | None
    age: int | None

    @property
    def is_fresh(self) -> bool:
        return self.refused is None and self.age is not None and self.age < FRESH

    @property
    def name(self) -> str:
        """``fresh``, ``old``, or why nothing can be checked."""
        if self.refused is not None:
            return self.refused.reason.value
        return "fresh" if self.is_fresh else "old"


def condition_at(bundle: TrustBundle | None, now: int) -> Condition:
    """The condition of a device that has ``bundle`` in force."""
    age = None if bundle is None else now - bundle.iat
    try:
        check_bundle(bundle, now)
    except Refused as refused:
        return Condition(refused, age)
    return Condition(None, age)


def next_step(
    condition: Condition,
    *,
    settings: Settings,
    bundle: TrustBundle | None,
    clock_check: ClockCheck | None,
) -> NextStep:
    """What is to be done first."""
    reason = condition.refused.reason if condition.refused is not None else None
    if bundle is None:
        return NextStep.SETUP
    if reason is Reason.SUNSET:
        return NextStep.END
    if reason is Reason.CLOCK_BEHIND:
        return NextStep.CLOCK
    if bundle.policy(settings.policy) is None:
        return NextStep.POLICY
    if not condition.is_fresh:
        return NextStep.SYNC if settings.url is not None else NextStep.IMPORT
    is_wrong = clock_check is not None and abs(clock_check.ahead) > CLOCK_WARNING
    return NextStep.CLOCK if is_wrong else NextStep.NOTHING
