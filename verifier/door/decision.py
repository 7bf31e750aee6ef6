"""One code's decision as a line for a person and as members of JSON."""

from dataclasses import dataclass, field
from typing import Any

from schemas.bundle import Status, TrustBundle, VenuePolicy
from schemas.catalogues import sentence
from schemas.door_texts import check_id, headline
from schemas.languages import Language
from schemas.refusals import Outcome, Reason, Refused
from verifier.door.seen import SeenSet
from verifier.door.typed import looks_garbled, read_typed
from verifier.door.verification import Venue, Verdict, verify

EXIT_CODES = {Outcome.ADMIT: 0, Outcome.REFUSE: 1, Outcome.CANNOT_CHECK: 2}


@dataclass(frozen=True)
class Code:
    """``source`` is ``line N`` or a picture's path, never the code.

    ``text`` is None for a picture in which no code can be read, and where a scanner's keyboard
    layout has spoilt it.
    """

    source: str
    text: str | None = field(repr=False)
    is_garbled: bool = False


def typed_code(source: str, text: str) -> Code:
    """A code that came as a text: what a scanner has done to it is undone, where it can be."""
    if looks_garbled(text):
        return Code(source, None, is_garbled=True)
    return Code(source, read_typed(text) or text)


@dataclass(frozen=True)
class Decision:
    """Either a verdict, with what its status is called, or a refusal. The code is not kept."""

    source: str
    result: Verdict | Refused
    status: Status | None = None
    is_garbled: bool = False

    @property
    def outcome(self) -> Outcome:
        return self.result.outcome if isinstance(self.result, Refused) else Outcome.ADMIT

    def members(self) -> dict[str, Any]:
        """The JSON object of ``scan --json`` (docs/formats.md, "Commands")."""
        refused = self.result if isinstance(self.result, Refused) else None
        verdict = self.result if isinstance(self.result, Verdict) else None
        return {
            "source": self.source,
            "outcome": self.outcome.value,
            "reason": refused and refused.reason.value,
            "helpdesk": refused and refused.helpdesk,
            "status": verdict and verdict.status,
            "holder": verdict and verdict.holder,
            "paper": verdict and verdict.paper,
        }

    def text(self, language: Language) -> str:
        """One line: sign and word, then why, then what the help desk asks for."""
        start = f"{self.source}: {headline(self.outcome, language)}"
        if isinstance(self.result, Refused):
            return f"{start} — {self._why(self.result, language)} ({self.result.helpdesk})"
        facts = [sentence("paper_mark", language)] if self.result.paper else []
        facts += [self.status.name[language]] if self.status is not None else []
        if self.result.asks_hint and self.result.holder is not None:
            facts.append(check_id(self.result.holder, language))
        return " — ".join([start, *facts])

    def _why(self, refused: Refused, language: Language) -> str:
        if self.is_garbled:
            return sentence("scanner_layout", language)
        return refused.text(language)


def decide(
    code: Code,
    *,
    bundle: TrustBundle | None,
    policy: VenuePolicy | None,
    now: int,
    venue: Venue | None = None,
    seen: SeenSet,
) -> Decision:
    """Verify one code of a run; ``venue`` None stands for one that shows no check-in code."""
    try:
        if code.text is None:
            raise Refused(Reason.NO_CODE)
        verdict = verify(code.text, bundle=bundle, policy=policy, now=now, venue=venue, seen=seen)
    except Refused as refused:
        return Decision(code.source, refused, is_garbled=code.is_garbled)
    status = bundle.status(verdict.status) if bundle is not None else None
    return Decision(code.source, verdict, status)
