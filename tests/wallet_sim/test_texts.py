"""Three languages, the same things said in each."""

import json
import string
import time
from importlib.resources import files

import pytest

from schemas.languages import Language
from wallet_sim.passes.presentation import Denied
from wallet_sim.passes.state import BatchFault
from wallet_sim.texts import knows, local_time, text

TEXTS = json.loads(files("wallet_sim.texts").joinpath("texts.json").read_text(encoding="utf-8"))


def placeholders(words: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(words) if name}


@pytest.mark.parametrize("name", list(TEXTS))
def test_each_text_is_there_in_each_language_with_the_same_placeholders(name: str) -> None:
    assert TEXTS[name].keys() == set(Language)
    assert len({frozenset(placeholders(words)) for words in TEXTS[name].values()}) == 1
    assert len(set(TEXTS[name].values())) == len(Language)


@pytest.mark.parametrize("name", list(TEXTS))
def test_kazakh_and_russian_are_written_in_their_own_letters(name: str) -> None:
    for language in (Language.KK, Language.RU):
        assert any("\u0400" <= letter <= "\u04ff" for letter in TEXTS[name][language])
    assert not any("\u0400" <= letter <= "\u04ff" for letter in TEXTS[name][Language.EN])


@pytest.mark.parametrize("reason", [*Denied, *BatchFault])
def test_each_reason_has_a_text(reason: str) -> None:
    assert knows(reason)


def test_a_text_is_filled() -> None:
    filled = text("shown", Language.EN, status="Green", ends="2026-03-18 00:00", remaining=7)
    assert filled == "Green, until 2026-03-18 00:00. Fresh passes left: 7."


def test_times_are_told_as_this_machine_writes_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Almaty")
    time.tzset()
    try:
        assert local_time(1_773_730_800) == "2026-03-17 12:00"
    finally:
        monkeypatch.undo()
        time.tzset()
