"""Every text that a person can meet is there in three languages, and every code is unique."""

import re
import string
from collections.abc import Mapping
from typing import Any

import pytest

from schemas.bundle_faults import BundleFault, BundleRejected, OddRule, TrustWarning
from schemas.catalogues import sentence
from schemas.door_texts import check_id, headline
from schemas.hints import HintForm, all_hints
from schemas.languages import Language
from schemas.notices import NoticesFault, NoticesRejected
from schemas.problems import STATUS, ApiProblem, Problem
from schemas.refusals import Outcome, Reason, Refused
from schemas.resources import load_json
from tests.support.catalogues import ROOT, by_name

TEXTS = by_name(ROOT / "schemas/texts")
CYRILLIC = re.compile("[а-яё]", flags=re.IGNORECASE)
KAZAKH = re.compile("[әғқңөұүһі]", flags=re.IGNORECASE)


def placeholders(text: str) -> set[str | None]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def check_languages(texts: Mapping[str, str]) -> None:
    assert {language.value for language in Language} <= texts.keys()
    assert len({frozenset(placeholders(texts[language])) for language in Language}) == 1
    assert not CYRILLIC.search(texts["en"])
    assert CYRILLIC.search(texts["ru"])
    assert not KAZAKH.search(texts["ru"])
    assert CYRILLIC.search(texts["kk"])
    assert texts["kk"] != texts["ru"]


@pytest.mark.parametrize("reason", Reason)
@pytest.mark.parametrize("language", Language)
def test_each_reason_has_a_sentence_in_each_language(reason: Reason, language: Language) -> None:
    text = Refused(reason, seconds=90).text(language)
    assert text.endswith(".")
    assert "{" not in text


@pytest.mark.parametrize("fault", BundleFault)
@pytest.mark.parametrize("language", Language)
def test_each_fault_has_a_sentence_in_each_language(fault: BundleFault, language: Language) -> None:
    assert BundleRejected(fault).text(language).endswith(".")


@pytest.mark.parametrize("odd", OddRule)
@pytest.mark.parametrize("language", Language)
def test_what_is_odd_is_told_within_the_sentence(odd: OddRule, language: Language) -> None:
    text = BundleRejected(BundleFault.ODD_RULES, odd).text(language)
    assert TEXTS[f"{odd}_odd_rule"][language] in text
    assert "{" not in text and "None" not in text


@pytest.mark.parametrize("warning", TrustWarning)
@pytest.mark.parametrize("language", Language)
def test_each_warning_has_a_sentence(warning: TrustWarning, language: Language) -> None:
    assert sentence(warning, language).endswith(".")


@pytest.mark.parametrize("problem", Problem)
@pytest.mark.parametrize("language", Language)
def test_each_problem_has_a_sentence_and_a_status(problem: Problem, language: Language) -> None:
    error = ApiProblem(problem)
    assert error.text(language).endswith(".")
    assert error.status == STATUS[problem] >= 400


@pytest.mark.parametrize(
    ("file", "kind", "names"),
    [
        ("refusals.json", "_refusal", Reason),
        ("bundle_faults.json", "_bundle_fault", BundleFault),
        (None, "_odd_rule", OddRule),
        ("notices_faults.json", "_notices_fault", NoticesFault),
        (None, "_problem", Problem),
    ],
)
def test_codes_and_sentences_are_those_of_the_closed_list_and_nothing_else(
    file: str | None, kind: str, names: Any
) -> None:
    wanted = {name.value for name in names}
    assert file is None or set(load_json(file)) == wanted
    told = {name.removesuffix(kind): entry for name, entry in TEXTS.items() if name.endswith(kind)}
    assert set(told) == wanted
    for entry in told.values():
        check_languages(entry)


def test_help_desk_codes_are_q_and_two_digits_and_never_the_same() -> None:
    codes = [Refused(reason).helpdesk for reason in Reason]
    codes += [BundleRejected(fault).helpdesk for fault in BundleFault]
    codes += [NoticesRejected(fault).helpdesk for fault in NoticesFault]
    assert len(set(codes)) == len(codes)
    assert all(re.fullmatch(r"Q\d\d", code) for code in codes)


def test_cannot_check_is_said_of_the_device_and_refuse_of_the_pass() -> None:
    cannot_check = {r for r in Reason if Refused(r).outcome is Outcome.CANNOT_CHECK}
    assert cannot_check == {
        Reason.NO_BUNDLE,
        Reason.BUNDLE_EXPIRED,
        Reason.CLOCK_BEHIND,
        Reason.SUNSET,
        Reason.UNKNOWN_KEY,
        Reason.NO_CODE,
    }


@pytest.mark.parametrize(
    "reason",
    [Reason.STALE, Reason.FROM_THE_FUTURE, Reason.ALREADY_SHOWN, Reason.CLOCK_BEHIND],
)
@pytest.mark.parametrize("language", Language)
def test_a_text_about_time_names_the_difference(reason: Reason, language: Language) -> None:
    assert "137" in Refused(reason, seconds=137).text(language)


def test_outcomes_are_told_by_sign_and_word() -> None:
    for language in Language:
        lines = {headline(outcome, language) for outcome in Outcome}
        assert len(lines) == len(Outcome)
        assert {line[0] for line in lines} == {"✓", "✗", "?"}


def test_door_sentences_are_there_in_each_language() -> None:
    for name, entry in TEXTS.items():
        if not name.startswith(("born_", "period_")) and not name.endswith(("_few", "_many")):
            check_languages(entry)
    assert sentence("keys_old", Language.EN, hours=30, left=42).startswith("The keys are old: 30 h")


@pytest.mark.parametrize(
    ("holder", "language", "text"),
    [
        ("03", Language.EN, "check ID: born in March"),
        ("03-17", Language.EN, "check ID: born on 17 March"),
        ("03", Language.RU, "проверьте документ: месяц рождения — март"),
        ("03-17", Language.RU, "проверьте документ: день рождения — 17 марта"),
        ("03", Language.KK, "құжатын тексеріңіз: наурызда туған"),
        ("03-17", Language.KK, "құжатын тексеріңіз: 17 наурызда туған"),
    ],
)
def test_a_hint_is_a_sentence(holder: str, language: Language, text: str) -> None:
    assert check_id(holder, language) == text


@pytest.mark.parametrize("language", Language)
def test_every_hint_of_a_form_reads_differently(language: Language) -> None:
    for form in (HintForm.MONTH, HintForm.DAY):
        hints = [hint for hint in all_hints(form) if hint is not None]
        assert len({check_id(hint, language) for hint in hints}) == len(hints)
