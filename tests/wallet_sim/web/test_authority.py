"""What the card says of an authority that contradicts itself or has begun another log."""

from collections.abc import Callable

import pytest

from schemas.catalogues import sentence
from schemas.kinds import HOUR
from schemas.languages import Language
from schemas.log.tails import TAIL_LEAVES
from tests.support.asgi import Reply
from tests.support.catalogues import read
from tests.support.issuer_in_memory import Phone
from tests.support.living import live
from tests.support.visitor import Visitor
from tests.support.world import NOON
from wallet_sim.web import app as web_app
from wallet_sim.web.house import House

PAGES = read(web_app.FOLDER / "texts")


def press(visitor: Visitor, action: str, person: int = 1) -> Reply:
    form = visitor.get(f"/p/{person}").form(f"/p/{person}/{action}")
    return visitor.follow(visitor.post(f"/p/{person}/{action}", form))


@pytest.fixture
def holder(visitor: Visitor, activate: Callable[..., None]) -> Visitor:
    activate()
    return visitor


@pytest.fixture
def deceived(holder: Visitor, phone: Phone) -> Visitor:
    """Somebody whose wallet was offered two bundles of one version."""
    phone.issuer.world.version -= 1
    phone.issuer.publish(name={"kk": "x", "ru": "x", "en": "x"})
    assert "(Q46)" in press(holder, "sync").text
    return holder


@pytest.mark.parametrize("language", Language)
def test_contradicting_bundles_are_told_on_the_card_beside_the_passes(
    deceived: Visitor, language: Language
) -> None:
    seen = deceived.get(f"/p/1?lang={language}")
    assert PAGES[language]["contradictions"] in seen.text
    assert 'id="contradictions" role="alert"' in seen.html
    assert 'id="left-now">4<' in seen.html


def test_the_passes_of_a_wallet_that_refused_a_bundle_can_be_shown(deceived: Visitor) -> None:
    assert "Code for the door" in press(deceived, "show").text


def test_the_evidence_can_be_saved_as_a_file(deceived: Visitor, phone: Phone) -> None:
    assert 'href="/p/1/evidence"' in deceived.get("/p/1").html
    saved = deceived.get("/p/1/evidence")
    assert saved.status == 200
    assert saved.header("content-disposition") == 'attachment; filename="qupia-evidence.json"'
    assert saved.header("cache-control") == "no-store"
    [pair] = saved.json["pairs"]
    assert pair["fault"] == "split_view"
    assert pair["held"] == phone.wallet.trusted().bundle
    assert pair["offered"].encode() == phone.issuer.bundle()


def test_without_contradictions_the_card_says_nothing_of_them(holder: Visitor) -> None:
    assert 'id="contradictions"' not in holder.get("/p/1").html
    assert holder.get("/p/1/evidence").json == {"pairs": []}


def test_damaged_evidence_does_not_stand_before_the_passes(deceived: Visitor, phone: Phone) -> None:
    [path] = (phone.home / "evidence").iterdir()
    path.write_text("{")
    seen = deceived.get("/p/1")
    assert seen.status == 200
    assert "is damaged; remove it" in seen.text
    assert 'id="left-now">4<' in seen.html


@pytest.mark.parametrize("language", Language)
def test_another_log_is_told_until_a_person_says_that_they_have_read_it(
    holder: Visitor, phone: Phone, language: Language
) -> None:
    told = sentence("log_replaced", language)
    phone.issuer.world.replace_log(NOON, is_lost=True)
    phone.issuer.publish()
    holder.get(f"/p/1?lang={language}")
    press(holder, "sync")
    for _ in range(2):
        assert told in holder.get("/p/1").text
    assert told not in press(holder, "read").text
    assert told not in holder.get("/p/1").text


def test_a_log_that_could_not_be_read_is_told_until_it_was_read(
    holder: Visitor, phone: Phone
) -> None:
    told = sentence("continuity_unknown", Language.EN)
    phone.issuer.hides_log = True
    for _ in range(TAIL_LEAVES + 1):
        phone.issuer.publish()
    assert told in press(holder, "sync").text
    press(holder, "sync")
    assert told in holder.get("/p/1").text
    assert told not in press(holder, "read").text


def test_what_is_found_in_the_background_is_told_as_well(
    holder: Visitor, phone: Phone, house: House
) -> None:
    phone.issuer.hides_log = True
    phone.clock.now += 18 * HOUR
    for _ in range(TAIL_LEAVES + 1):
        phone.issuer.publish()
    live(house, phone)
    assert sentence("continuity_unknown", Language.EN) in holder.get("/p/1").text


def test_what_was_found_for_one_person_is_not_told_to_another(
    holder: Visitor, phone: Phone
) -> None:
    phone.issuer.hides_log = True
    for _ in range(TAIL_LEAVES + 1):
        phone.issuer.publish()
    press(holder, "sync")
    form = holder.get("/people").form("/people")
    holder.post("/people", form | {"name": "Aliya"})
    seen = holder.get("/p/2")
    assert seen.status == 200
    assert 'id="unread"' not in seen.html
