import pytest

from schemas.door_texts import headline
from schemas.languages import Language
from schemas.presentation import slot_at
from schemas.refusals import Outcome, Reason, Refused
from tests.support.world import NOON, World
from verifier.door.decision import EXIT_CODES, Code, Decision, decide
from verifier.door.seen import SeenSet
from verifier.door.verification import Verdict

WORLD = World(hint="month")
BUNDLE = WORLD.accepted(NOON)
TEXT = WORLD.show(WORLD.issue(NOON), slot_at(NOON))
POLICY = BUNDLE.policy(None)


def decided(text: str | None, *, policy: str | None = None) -> Decision:
    return decide(
        Code("line 3", text),
        bundle=BUNDLE,
        policy=BUNDLE.policy(policy),
        now=NOON,
        seen=SeenSet(),
    )


def test_an_admitted_pass_has_no_reason() -> None:
    assert decided(TEXT).members() == {
        "source": "line 3",
        "outcome": "admit",
        "reason": None,
        "helpdesk": None,
        "status": "green",
        "holder": "03",
        "paper": False,
    }


def test_a_refused_pass_has_no_status() -> None:
    assert decided("hello").members() == {
        "source": "line 3",
        "outcome": "refuse",
        "reason": "not_a_pass",
        "helpdesk": "Q01",
        "status": None,
        "holder": None,
        "paper": None,
    }


def test_a_pass_on_paper_is_marked_for_programs() -> None:
    members = decided(WORLD.paper(NOON)).members()
    assert (members["outcome"], members["holder"], members["paper"]) == ("admit", "03-17", True)


@pytest.mark.parametrize(
    ("language", "facts"),
    [
        (Language.EN, "PAPER — Green — check ID: born on 17 March"),
        (Language.RU, "БУМАЖНЫЙ — Зелёный — проверьте документ: день рождения — 17 марта"),
        (Language.KK, "ҚАҒАЗ — Жасыл — құжатын тексеріңіз: 17 наурызда туған"),
    ],
)
def test_a_pass_on_paper_is_marked_for_people(language: Language, facts: str) -> None:
    line = f"line 3: {headline(Outcome.ADMIT, language)} — {facts}"
    assert decided(WORLD.paper(NOON)).text(language) == line


def test_a_picture_without_a_code_cannot_be_checked() -> None:
    members = decided(None).members()
    assert (members["outcome"], members["reason"]) == ("cannot_check", "no_code")


@pytest.mark.parametrize(
    ("language", "line"),
    [
        (Language.EN, "line 3: ✓ ADMIT — Green — check ID: born in March"),
        (Language.RU, "line 3: ✓ ПРОПУСТИТЬ — Зелёный — проверьте документ: месяц рождения — март"),
        (Language.KK, "line 3: ✓ РҰҚСАТ ЕТІЛЕДІ — Жасыл — құжатын тексеріңіз: наурызда туған"),
    ],
)
def test_an_admitted_pass_is_one_line_in_each_language(language: Language, line: str) -> None:
    assert decided(TEXT).text(language) == line


def test_no_id_is_asked_for_where_the_policy_ignores_the_hint() -> None:
    text = decided(TEXT, policy="no-hint").text(Language.EN)
    assert text == "line 3: ✓ ADMIT — Green"


def test_a_refusal_says_why_and_what_the_help_desk_asks_for() -> None:
    decision = Decision("line 1", Refused(Reason.ALREADY_SHOWN, seconds=42))
    why = "This pass was admitted here 42 seconds ago. Ask for the next pass."
    assert decision.text(Language.EN) == f"line 1: ✗ REFUSE — {why} (Q15)"


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_has_an_exit_code_and_a_line_without_the_code(reason: Reason) -> None:
    decision = Decision("line 1", Refused(reason, seconds=60))
    assert EXIT_CODES[decision.outcome] == (2 if decision.outcome is Outcome.CANNOT_CHECK else 1)
    for language in Language:
        assert "\n" not in decision.text(language)


def test_one_run_admits_a_pass_once() -> None:
    seen = SeenSet()
    first, second = (
        decide(Code("line 1", TEXT), bundle=BUNDLE, policy=POLICY, now=NOON, seen=seen)
        for _ in range(2)
    )
    assert isinstance(first.result, Verdict)
    assert isinstance(second.result, Refused)
    assert second.result.reason is Reason.ALREADY_SHOWN


def test_a_decision_does_not_keep_the_code() -> None:
    assert TEXT not in repr(decided(TEXT))
    assert TEXT not in repr(decided(TEXT).members())
