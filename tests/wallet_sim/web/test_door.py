"""The live code: taken by a form alone, shown once, and never again without a question."""

import json
from collections.abc import Callable

import pytest

from schemas.kinds import MINUTE
from tests.support.asgi import Reply
from tests.support.issuer_in_memory import Phone
from tests.support.visitor import Visitor
from wallet_sim.web.house import House

Activate = Callable[..., None]


@pytest.fixture
def ready(visitor: Visitor, activate: Activate, phone: Phone) -> Visitor:
    """With three fresh passes, and without an issuer from now on."""
    activate()
    phone.issuer.unreachable = True
    return visitor


def show(visitor: Visitor) -> Reply:
    """Press the button of the first page."""
    return visitor.post("/p/1/show", visitor.get("/p/1").form("/p/1/show"))


def show_again(visitor: Visitor) -> Reply:
    return visitor.post("/p/1/show", visitor.get("/p/1/again").form("/p/1/show"))


def fresh(phone: Phone) -> int:
    batch = phone.wallet.batch_at(phone.clock())
    return len(batch.fresh) if batch is not None else 0


def test_a_pass_is_taken_by_the_form_and_shown_once(ready: Visitor, phone: Phone) -> None:
    taken = show(ready)
    assert (taken.status, taken.header("location"), fresh(phone)) == (303, "/p/1/code", 3)
    code = ready.get("/p/1/code")
    assert 'viewBox="0 0 77 77"' in code.html
    assert "Green · Me" in code.text
    assert ready.get("/p/1/code").header("location") == "/p/1/again"
    assert fresh(phone) == 3


@pytest.mark.parametrize("path", ["", "/code", "/code.json", "/again", "/show", "/sync", "/data"])
def test_looking_takes_no_pass_and_asks_nobody(path: str, ready: Visitor, phone: Phone) -> None:
    before = phone.wallet, len(phone.issuer.requests)
    for method in ("GET", "HEAD"):
        ready.send(method, f"/p/1{path}", headers={"sec-purpose": "prefetch"})
    assert (phone.wallet, len(phone.issuer.requests)) == before


def test_a_double_click_takes_one_pass_and_shows_it(ready: Visitor, phone: Phone) -> None:
    form = ready.get("/p/1").form("/p/1/show")
    ready.follow(ready.post("/p/1/show", form))
    second = ready.follow(ready.post("/p/1/show", form))
    assert 'id="code"' in second.html
    assert fresh(phone) == 3


def test_an_old_page_that_is_sent_again_later_leads_to_the_question(
    ready: Visitor, phone: Phone
) -> None:
    form = ready.get("/p/1").form("/p/1/show")
    ready.follow(ready.post("/p/1/show", form))
    phone.clock.now += MINUTE
    assert "Show a pass again?" in ready.follow(ready.post("/p/1/show", form)).text
    phone.clock.now += 10 * MINUTE
    assert ready.post("/p/1/show", form).header("location") == "/p/1"
    assert fresh(phone) == 3


def test_the_same_door_sees_the_same_pass_and_its_owner_knows(ready: Visitor, phone: Phone) -> None:
    ready.follow(show(ready))
    phone.clock.now += 4 * MINUTE
    assert "only at the same door" in ready.get("/p/1/again").text
    shown = ready.follow(show_again(ready))
    assert "whoever sees it both times can tell" in shown.text
    assert fresh(phone) == 3


def test_after_five_minutes_the_same_door_gets_a_fresh_pass(ready: Visitor, phone: Phone) -> None:
    ready.follow(show(ready))
    form = ready.get("/p/1/again").form("/p/1/show")
    phone.clock.now += 5 * MINUTE + 1
    assert ready.get("/p/1/again").header("location") == "/p/1"
    ready.follow(ready.post("/p/1/show", form))
    assert fresh(phone) == 2


def test_the_proof_is_renewed_each_half_minute_until_the_five_minutes_are_over(
    ready: Visitor, phone: Phone
) -> None:
    ready.follow(show(ready))
    codes = []
    for _ in range(10):
        codes.append(json.loads(ready.get("/p/1/code.json").html))
        phone.clock.now += 30
    assert len({code["drawn"] for code in codes}) == 10
    assert [code["stays"] for code in codes] == list(range(300, 0, -30))
    assert ready.get("/p/1/code.json").status == 410
    assert ready.get("/p/1/code").header("location") == "/p/1"


def test_without_a_fresh_pass_the_question_comes_each_time(ready: Visitor, phone: Phone) -> None:
    for _ in range(4):
        ready.follow(show(ready))
    phone.clock.now += 10 * MINUTE
    assert "No fresh pass is left" in ready.get("/p/1").text
    for _ in range(2):
        question = ready.get("/p/1/again")
        assert "two venues that compare" in question.text
        shown = ready.follow(show_again(ready))
        assert 'id="reused"' in shown.html
        asked = ready.post("/p/1/show", shown.form("/p/1/show"))
        assert asked.header("location") == "/p/1/again"
        phone.clock.now += 6 * MINUTE


def test_a_code_goes_with_the_wallet_it_came_from(ready: Visitor, phone: Phone) -> None:
    ready.follow(show(ready))
    ready.post("/p/1/erase", ready.get("/p/1/erase").form("/p/1/erase"))
    assert ready.get("/p/1/code.json").status == 410
    assert ready.get("/p/1/code").header("location") == "/p/1"


def test_a_code_goes_when_a_command_empties_the_wallet_meanwhile(
    ready: Visitor, phone: Phone
) -> None:
    ready.follow(show(ready))
    phone.file.erase()
    assert ready.get("/p/1/code.json").status == 410


def test_a_used_pass_stays_used_after_the_program_was_started_again(
    ready: Visitor, phone: Phone, house: House
) -> None:
    ready.follow(show(ready))
    house.leave(house.people.all()[0])  # What a program that starts remembers.
    assert ready.get("/p/1/code").header("location") == "/p/1"
    assert 'href="/p/1/again"' in ready.get("/p/1").html


def test_keys_and_codes_stand_in_no_page_and_on_no_line(
    ready: Visitor, phone: Phone, capsys: pytest.CaptureFixture[str]
) -> None:
    ready.follow(show(ready))
    _, entitlement = phone.wallet.activated()
    pages = ("", "/start", "/data", "/end", "/erase", "/again", "/name", "/code.json")
    bodies = [ready.get(f"/p/1{page}").html for page in pages]
    secrets = [entitlement.token, entitlement.account_key.hex(), phone.slip.code, "QP1:"]
    assert not [one for one in secrets for body in bodies if one in body]
    assert capsys.readouterr() == ("", "")


def test_a_pass_for_no_moment_is_told_in_words(ready: Visitor, phone: Phone) -> None:
    phone.clock.now = phone.wallet.batches[-1].window.exp - MINUTE
    form = ready.get("/p/1").form("/p/1/show")
    phone.clock.now += MINUTE
    told = ready.follow(ready.post("/p/1/show", form))
    assert "There is no pass for this moment" in told.text
