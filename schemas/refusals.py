"""Why a pass is not admitted: a closed list of reasons.

The steps that give them are docs/formats.md, "Deciding at the door".

>>> from schemas.languages import Language
>>> refused = Refused(Reason.STALE, seconds=120)
>>> refused.reason, refused.helpdesk, refused.outcome
(<Reason.STALE: 'stale'>, 'Q13', <Outcome.REFUSE: 'refuse'>)
>>> refused.text(Language.EN)[:29]
'This code is 120 seconds old.'
"""

from enum import StrEnum

from schemas.catalogues import sentence
from schemas.durations import duration_text, with_zone
from schemas.errors import Refusal
from schemas.languages import Language
from schemas.resources import load_json


class Outcome(StrEnum):
    ADMIT = "admit"
    REFUSE = "refuse"
    CANNOT_CHECK = "cannot_check"


class Reason(StrEnum):
    """The names are stable, and so are the help-desk codes in ``refusals.json``."""

    NOT_A_PASS = "not_a_pass"  # noqa: S105 - a reason, not a password.
    NO_BUNDLE = "no_bundle"
    BUNDLE_EXPIRED = "bundle_expired"
    CLOCK_BEHIND = "clock_behind"
    SUNSET = "sunset"
    UNKNOWN_KEY = "unknown_key"
    KEY_RETIRED = "key_retired"
    NOT_YET_VALID = "not_yet_valid"
    EXPIRED = "expired"
    BAD_SIGNATURE = "bad_signature"
    BAD_PROOF = "bad_proof"
    NOT_BOUND = "not_bound"
    STALE = "stale"
    FROM_THE_FUTURE = "from_the_future"
    ALREADY_SHOWN = "already_shown"
    STATUS_NOT_ADMITTED = "status_not_admitted"
    SPECIMEN = "specimen"
    NO_CODE = "no_code"


class Refused(Refusal[Reason]):
    """A pass was not admitted. ``seconds`` is the difference that some texts name."""

    table = load_json("refusals.json")
    kind = "refusal"

    def __init__(self, reason: Reason, *, seconds: int = 0) -> None:
        super().__init__(reason)
        self.seconds = seconds

    @property
    def reason(self) -> Reason:
        """The fault, by the name that it has in answers, vectors and the venue's page."""
        return self.fault

    @property
    def outcome(self) -> Outcome:
        return Outcome(self.table[self.fault]["outcome"])

    def text(self, language: Language) -> str:
        """One or two sentences for the person at the door; a difference is told in words."""
        difference = duration_text(self.seconds, language)
        text = sentence(f"{self.fault}_{self.kind}", language, difference=difference)
        return with_zone(text, self.seconds, language) if self.fault in _OF_CLOCKS else text


_OF_CLOCKS = (Reason.CLOCK_BEHIND, Reason.STALE, Reason.FROM_THE_FUTURE)
