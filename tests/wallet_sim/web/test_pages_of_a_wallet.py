"""Activating, fetching, looking at what is held, ending: what the pages say and do."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from schemas.activation import format_code
from schemas.kinds import DAY, HOUR, MINUTE
from schemas.problems import Problem
from schemas.windows import Window
from shell.fetching import NoAnswer
from tests.support.asgi import Reply
from tests.support.catalogues import read
from tests.support.issuer_in_memory import CODE, OTHER_CODE, Phone
from tests.support.living import live
from tests.support.visitor import Visitor
from tests.support.world import NOON
from wallet_sim.passes.schedule import QUIET
from wallet_sim.passes.state import Plan, Wallet
from wallet_sim.web import app as web_app
from wallet_sim.web.background import look_after
from wallet_sim.web.house import House

Activate = Callable[..., None]

LONG_AGO = 7 * DAY


def send(visitor: Visitor, page: str, action: str | None = None, **fields: str) -> Reply:
    """Fill in the form of a page and see what comes of it."""
    action = action or page
    form = visitor.get(f"/p/1{page}").form(f"/p/1{action}")
    return visitor.follow(visitor.post(f"/p/1{action}", form | fields))


# Activating


def test_a_code_alone_needs_the_address_and_the_root(visitor: Visitor, phone: Phone) -> None:
    world = phone.issuer.world
    refused = send(visitor, "/start", code=format_code(CODE))
    assert (refused.status, phone.wallet) == (400, Wallet())
    assert "fill in the address and the thumbprint" in refused.text
    done = send(visitor, "/start", code=format_code(CODE), issuer=world.iss, root=world.pin)
    assert "Activated: Green" in done.text
    assert "4 passes came" in done.text


@pytest.mark.parametrize("code", ["", "x", "https://evil.example/#x", "http://a.example/activate#"])
def test_what_is_no_code_is_refused_before_anybody_is_asked(
    code: str, visitor: Visitor, phone: Phone
) -> None:
    assert "not a code or link of a slip" in send(visitor, "/start", code=code).text
    assert phone.issuer.requests == []


def test_a_refused_code_is_told_in_the_persons_language(visitor: Visitor, phone: Phone) -> None:
    phone.issuer.refuse["/v1/entitlements"] = Problem.CODE_USED
    visitor.get("/p/1?lang=ru")
    assert "уже использован" in send(visitor, "/start", code=phone.link_to(CODE)).text


def test_a_lost_answer_costs_no_code(visitor: Visitor, phone: Phone) -> None:
    phone.issuer.lost.add("/v1/entitlements")
    send(visitor, "/start", code=phone.link_to(CODE))
    assert "Enter the same code again" in visitor.get("/p/1").text
    phone.issuer.lost.clear()
    assert "Activated" in send(visitor, "/start", code=phone.link_to(CODE)).text


def test_nothing_is_given_up_for_a_new_code_without_a_question(
    visitor: Visitor, phone: Phone, activate: Activate
) -> None:
    activate()
    before = phone.wallet
    form = visitor.get("/p/1/start").form("/p/1/start")
    asked = visitor.post("/p/1/start", form | {"code": phone.link_to(OTHER_CODE)})
    assert (asked.status, phone.wallet) == (409, before)
    assert "Green, until" in asked.text
    done = visitor.follow(visitor.post("/p/1/start", asked.form("/p/1/start")))
    assert "Activated" in done.text
    assert phone.wallet.entitlement != before.entitlement


def test_an_activation_stands_even_when_its_passes_do_not_come(
    visitor: Visitor, phone: Phone
) -> None:
    phone.issuer.refuse["/v1/passes"] = Problem.WITHDRAWN
    done = send(visitor, "/start", code=phone.link_to(CODE))
    assert "Activated: Green" in done.text
    assert "Passes are paused for now" in done.text
    assert "Passes are paused for now" in visitor.get("/p/1").text
    phone.issuer.refuse.clear()
    assert "paused" not in send(visitor, "", "/sync").text


def test_a_form_sent_twice_activates_once(visitor: Visitor, phone: Phone) -> None:
    form = visitor.get("/p/1/start").form("/p/1/start") | {"code": phone.link_to(CODE)}
    visitor.post("/p/1/start", form)
    calls = len(phone.issuer.requests)
    assert visitor.post("/p/1/start", form).header("location") == "/p/1"
    assert len(phone.issuer.requests) == calls


# What the wallet has


def test_the_card_says_what_is_left_and_what_to_do(visitor: Visitor, activate: Activate) -> None:
    activate()
    seen = visitor.get("/p/1")
    assert 'id="left-now">4<' in seen.html
    assert 'id="left-next">4<' in seen.html
    assert 'fill="#' in seen.html
    assert "The passes say nothing about your birthday" in seen.text
    assert "Ready. At each door the wallet takes a fresh pass" in seen.text


def test_passes_that_were_lost_are_told_loudly(
    visitor: Visitor, phone: Phone, activate: Activate
) -> None:
    phone.issuer.cheat["/v1/passes"] = lambda answer: {
        "batches": [batch | {"signatures": ["A" * 342] * 3} for batch in answer["batches"]]
    }
    activate()
    seen = visitor.get("/p/1")
    assert "all passes of it were thrown away" in seen.text
    assert "There are no passes for now" in seen.text


def test_an_entitlement_that_has_run_out_leaves_an_empty_wallet(
    visitor: Visitor, phone: Phone, activate: Activate
) -> None:
    activate()
    phone.clock.now += LONG_AGO
    assert "This wallet is empty" in visitor.get("/p/1").text


def test_no_answer_is_told_and_the_passes_stay(
    visitor: Visitor, phone: Phone, house: House, activate: Activate
) -> None:
    activate()

    def unreachable(*_: object, **__: object) -> None:
        raise NoAnswer("no answer from https://qupia.example")

    house.tools = type(house.tools)(unreachable, phone.clock)  # type: ignore[arg-type]
    seen = send(visitor, "", "/sync")
    assert "The issuer did not answer" in seen.text
    assert 'id="left-now">4<' in seen.html


# What is held, and ending


def test_what_is_held_is_listed_with_its_end_and_the_issuer_is_asked_on_demand(
    visitor: Visitor, phone: Phone, activate: Activate
) -> None:
    activate()
    calls = len(phone.issuer.requests)
    seen = visitor.get("/p/1/data")
    assert "fresh passes and their keys (4): until" in seen.text
    assert len(phone.issuer.requests) == calls
    assert "a mark that passes of one window were issued: until" in send(visitor, "/data").text
    phone.issuer.unreachable = True
    assert "What the issuer holds is not known" in send(visitor, "/data").text


def test_ending_empties_the_wallet_only_when_the_issuer_agreed(
    visitor: Visitor, phone: Phone, activate: Activate
) -> None:
    activate()
    phone.issuer.unreachable = True
    assert "nothing was erased" in send(visitor, "/end").text
    assert phone.wallet.entitlement is not None
    phone.issuer.unreachable = False
    assert "Ended: the issuer issues nothing further" in send(visitor, "/end").text
    assert phone.wallet == Wallet()
    assert phone.issuer.ended


def test_erasing_tells_nobody(visitor: Visitor, phone: Phone, activate: Activate) -> None:
    activate()
    calls = len(phone.issuer.requests)
    assert "The issuer was not told" in send(visitor, "/erase").text
    assert (phone.wallet, len(phone.issuer.requests)) == (Wallet(), calls)


# By itself


def test_wallets_of_one_device_ask_a_minute_to_half_an_hour_apart(
    visitor: Visitor, house: House, phone: Phone, activate: Activate
) -> None:
    """The second one is due as well when the first one asks, and waits."""
    house.people.add("Child")
    activate(1)
    activate(2, OTHER_CODE)
    look_after(house)
    phone.clock.now = phone.windows()[0].exp - 1
    before = len(phone.issuer.batches_asked())
    asked = []
    for _ in range(3 * 60):
        look_after(house)
        asked += [phone.clock.now] * (len(phone.issuer.batches_asked()) - before - len(asked))
        phone.clock.now += 10
    assert len(asked) == 2
    assert MINUTE <= asked[1] - asked[0] <= 30 * MINUTE


def test_a_damaged_wallet_of_one_person_stops_no_other(
    visitor: Visitor, house: House, phone: Phone, activate: Activate
) -> None:
    child = house.people.add("Child")
    activate(1)
    activate(2, OTHER_CODE)
    look_after(house)
    (house.people.file(child).home / "wallet.json").write_text("{")
    phone.clock.now = phone.windows()[0].exp - 1
    before = len(phone.issuer.batches_asked())
    live(house, phone)
    assert len(phone.issuer.batches_asked()) == before + 1
    assert "wallet.json is damaged" in visitor.get("/p/2").text


def test_after_one_person_has_shown_a_pass_no_wallet_of_the_device_asks(
    visitor: Visitor, house: House, phone: Phone, activate: Activate
) -> None:
    house.people.add("Child")
    activate(1)
    activate(2, OTHER_CODE)
    live(house, phone)
    form = visitor.get("/p/1").form("/p/1/show")
    visitor.post("/p/1/show", form)
    for person in house.people.all():
        soon = Plan(Window(NOON, NOON + DAY), phone.clock.now + MINUTE)
        house.people.file(person).update(lambda held, soon=soon: replace(held, soon=soon))
    shown, before = phone.clock.now, len(phone.issuer.requests)
    while len(phone.issuer.requests) == before:
        phone.clock.now += MINUTE
        look_after(house)
    assert phone.clock.now - shown >= QUIET


def test_passes_for_now_can_be_had_at_once_or_within_two_hours(
    visitor: Visitor, house: House, phone: Phone, activate: Activate
) -> None:
    activate()
    look_after(house)
    phone.clock.now += 3 * DAY
    live(house, phone)
    before = len(phone.issuer.batches_asked())
    card = visitor.get("/p/1")
    assert "Fetch passes now, or within two hours" in card.text
    form = card.form("/p/1/sync") | {"later": "1"}
    seen = visitor.follow(visitor.post("/p/1/sync", form))
    assert "It comes at a random time within two hours" in seen.text
    assert len(phone.issuer.batches_asked()) == before
    live(house, phone, 2 * HOUR)
    assert len(phone.issuer.batches_asked()) == before + 1
    assert "It comes at a random time" not in visitor.get("/p/1").text


def test_a_slip_can_be_used_without_fetching_passes_at_once(
    visitor: Visitor, house: House, phone: Phone
) -> None:
    form = visitor.get("/p/1/start").form("/p/1/start")
    form |= {"code": phone.link_to(), "later": "1"}
    seen = visitor.follow(visitor.post("/p/1/start", form))
    assert "It comes at a random time within two hours" in seen.text
    assert phone.issuer.batches_asked() == []
    live(house, phone, 2 * HOUR)
    [both] = phone.issuer.batches_asked()
    assert len(both) == 2


def test_the_card_says_what_weakens_passes_that_came_today(
    visitor: Visitor, phone: Phone, activate: Activate
) -> None:
    activate()
    assert "They came at most 10 min ago, within their own window" in visitor.get("/p/1").text
    phone.clock.now += 2 * HOUR + 20 * MINUTE
    assert "They came at most 2 h 20 min ago" in visitor.get("/p/1/data").text
    phone.clock.now = phone.windows()[1].nbf
    assert "They came" not in visitor.get("/p/1").text


def test_a_bundle_that_is_refused_is_told_and_asked_for_again(
    visitor: Visitor, house: House, phone: Phone, activate: Activate
) -> None:
    activate()
    look_after(house)
    phone.clock.now = phone.windows()[1].nbf
    phone.issuer.publish(batch_size=9)
    before = len(phone.issuer.batches_asked())
    live(house, phone)
    assert len(phone.issuer.batches_asked()) == before
    assert "changes what was fixed at set-up" in visitor.get("/p/1").text
    phone.issuer.publish()
    live(house, phone, 3 * HOUR)
    assert len(phone.issuer.batches_asked()) == before + 1


def test_what_cannot_be_fetched_is_told_and_not_asked_again(
    visitor: Visitor, house: House, phone: Phone, activate: Activate
) -> None:
    activate()
    look_after(house)
    phone.clock.now = phone.windows()[1].nbf
    phone.issuer.refuse["/v1/passes"] = Problem.ENDED
    live(house, phone)
    calls = len(phone.issuer.posted)
    live(house, phone, 3 * HOUR)
    assert len(phone.issuer.posted) == calls
    assert "Ask for a new code" in visitor.get("/p/1").text


def test_an_empty_wallet_asks_nobody(house: House, phone: Phone) -> None:
    look_after(house)
    assert phone.issuer.requests == []


# Texts


def test_no_sentence_of_the_pages_names_a_command() -> None:
    for texts in read(web_app.FOLDER / "texts").values():
        assert not [text for text in texts.values() if "qupia-wallet" in text]
