"""What the commands say of an authority that contradicts itself or has begun another log."""

import json
import stat
from pathlib import Path

import pytest

from schemas.catalogues import sentence
from schemas.kinds import DAY, HOUR
from schemas.languages import Language
from schemas.log.tails import TAIL_LEAVES
from schemas.trust import bundle_digest
from tests.support.commands import Run, complaint
from tests.support.issuer_in_memory import Phone
from tests.support.world import NOON

KEYS_REPLACED = {
    "en": "has other keys in the place of known ones",
    "ru": "на месте известных ключей стоят другие",
    "kk": "белгілі кілттердің орнында басқалары тұр",
}
KEPT = {
    "en": "contradicting bundles: 1 pair is kept as evidence. See: qupia-wallet evidence",
    "ru": "наборы ключей: сохранена 1 пара. Подробнее: qupia-wallet evidence",
    "kk": "1 жұп дәлел ретінде сақталды. Толығырақ: qupia-wallet evidence",
}
NONE = {
    "en": "No bundles that contradict each other were seen.",
    "ru": "Противоречащих друг другу наборов ключей не было.",
    "kk": "Бір-біріне қайшы келетін кілттер жинағы болған жоқ.",
}


@pytest.fixture
def deceived(filled: Run, phone: Phone) -> Run:
    """A wallet with passes that was offered another key in the place of a known one."""
    world = phone.issuer.world
    world.retire(world.calendar.window_at(NOON))
    world._retired.clear()
    phone.issuer.publish()
    assert "(Q53)" in filled("sync").error
    return filled


@pytest.fixture
def new_log(filled: Run, phone: Phone) -> Run:
    """A wallet whose authority has lost its log and begun another."""
    phone.issuer.world.replace_log(NOON, is_lost=True)
    phone.issuer.publish()
    return filled


# Evidence


def test_a_wallet_that_refused_a_bundle_still_shows_its_passes(deceived: Run) -> None:
    assert deceived("show", "--text").status == 0
    assert deceived("status", "--json").members["evidence"] == 1


@pytest.mark.parametrize("language", KEPT)
def test_status_says_first_that_there_is_evidence(deceived: Run, language: str) -> None:
    first, *_ = deceived("status", "--lang", language).out.splitlines()
    assert KEPT[language] in first


@pytest.mark.parametrize("language", KEYS_REPLACED)
def test_evidence_says_what_each_pair_proves_and_names_both_bundles(
    deceived: Run, phone: Phone, language: str
) -> None:
    outcome = deceived("evidence", "--lang", language)
    said, *digests = outcome.out.splitlines()
    assert KEYS_REPLACED[language] in said
    carried = (phone.wallet.trusted().bundle.encode(), phone.issuer.bundle())
    assert [line.strip() for line in digests] == [
        bundle_digest(data.partition(b"\n\n")[0]) for data in carried
    ]


@pytest.mark.parametrize("language", NONE)
def test_where_nothing_contradicts_that_is_said(filled: Run, language: str) -> None:
    assert filled("evidence", "--lang", language).out.strip() == NONE[language]
    assert filled("status", "--json").members["evidence"] == 0


def test_evidence_gives_programs_both_bundles_as_they_were_carried(
    deceived: Run, phone: Phone
) -> None:
    offered = phone.issuer.bundle().decode()
    held = phone.wallet.trusted().bundle
    assert deceived("evidence", "--json").members == {
        "pairs": [{"fault": "keys_replaced", "held": held, "offered": offered}]
    }


def test_evidence_is_written_to_a_private_file_and_never_over_another(
    deceived: Run, tmp_path: Path
) -> None:
    out = tmp_path / "evidence.json"
    assert deceived("evidence", "--out", str(out)).status == 0
    assert json.loads(out.read_text()) == deceived("evidence", "--json").members
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    out.write_text("mine")
    assert "never overwritten" in complaint(deceived("evidence", "--out", str(out)))
    assert out.read_text() == "mine"


def test_the_same_contradiction_again_is_one_pair(deceived: Run) -> None:
    assert deceived("sync").status == 1
    assert len(deceived("evidence", "--json").members["pairs"]) == 1


def test_evidence_says_nothing_of_the_holder(deceived: Run, phone: Phone, tmp_path: Path) -> None:
    out = tmp_path / "evidence.json"
    deceived("evidence", "--out", str(out))
    _, entitlement = phone.wallet.activated()
    assert entitlement.token not in out.read_text()
    assert str(phone.home) not in out.read_text()


# Another log


@pytest.mark.parametrize("language", Language)
def test_another_log_is_told_at_each_sync_until_a_person_has_read_the_status(
    new_log: Run, language: Language
) -> None:
    told = sentence("log_replaced", language)
    for _ in range(2):
        assert told in new_log("sync", "--lang", language).warnings
    assert told in new_log("status", "--lang", language).out
    assert told not in new_log("status", "--lang", language).out
    assert new_log("sync", "--lang", language).warnings == []


def test_a_program_that_asks_for_the_status_has_read_nothing_for_the_person(new_log: Run) -> None:
    new_log("sync")
    new_log("status", "--json")
    assert sentence("log_replaced", Language.EN) in new_log("status").out


def test_a_second_other_log_is_told_again(new_log: Run, phone: Phone) -> None:
    new_log("sync")
    new_log("status")
    phone.issuer.world.replace_log(NOON, is_lost=True)
    phone.issuer.publish()
    assert sentence("log_replaced", Language.EN) in new_log("sync").warnings


# A wallet that was away


@pytest.mark.parametrize("language", Language)
def test_who_was_away_and_cannot_read_the_log_is_warned_and_gets_passes(
    filled: Run, phone: Phone, language: Language
) -> None:
    phone.clock.now += DAY
    phone.issuer.hides_log = True
    for _ in range(TAIL_LEAVES + 1):
        phone.issuer.publish()
    outcome = filled("sync", "--lang", language)
    told = sentence("continuity_unknown", language)
    assert outcome.status == 0
    assert told in outcome.warnings
    assert told in filled("status", "--lang", language).out
    assert told not in filled("status", "--lang", language).out


def test_who_was_away_and_can_read_the_log_is_told_nothing(filled: Run, phone: Phone) -> None:
    phone.clock.now += 6 * HOUR
    for _ in range(TAIL_LEAVES + 1):
        phone.issuer.publish()
    outcome = filled("sync")
    assert (outcome.status, outcome.warnings) == (0, [])
