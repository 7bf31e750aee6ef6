"""Several people on one device, each with a wallet of their own."""

from collections.abc import Callable
from pathlib import Path

import pytest

from shell.errors import CommandError
from shell.files import is_private
from tests.support.issuer_in_memory import OTHER_CODE, Phone
from tests.support.visitor import Visitor
from wallet_sim.passes.state import Wallet
from wallet_sim.web.house import House
from wallet_sim.web.people import (
    NAME_LIMIT,
    PEOPLE_LIMIT,
    People,
    Person,
    PersonFault,
    PersonRefused,
)


@pytest.fixture
def people(tmp_path: Path, phone: Phone) -> People:
    return People(tmp_path / "home", phone.clock)


def test_the_first_person_has_the_wallet_of_the_commands(people: People, tmp_path: Path) -> None:
    [first] = people.all()
    assert people.file(first).home == tmp_path / "home"


def test_everybody_else_has_a_private_folder_and_a_number_of_their_own(
    people: People, tmp_path: Path
) -> None:
    child = people.add("  Ая   Н. ")
    people.file(child).update(lambda wallet: wallet)
    assert child == Person(2, "Ая Н.")
    assert people.file(child).home == tmp_path / "home/people/2"
    assert all(is_private(path) for path in (tmp_path / "home").rglob("*"))
    people.remove(child)
    assert not (tmp_path / "home/people/2").exists()
    assert people.add("Ая").number == 3


def test_who_has_been_added_is_found_again(people: People, tmp_path: Path, phone: Phone) -> None:
    people.rename(people.add("Child"), "Grown up")
    again = People(tmp_path / "home", phone.clock)
    assert [one.name for one in again.all()] == ["", "Grown up"]
    assert again.find(2) == Person(2, "Grown up")
    assert again.find(3) is None


@pytest.mark.parametrize(
    "name", ["", "  ", "child", "CHILD", "x" * (NAME_LIMIT + 1), "a\x00b", "\u202e"]
)
def test_a_name_that_cannot_be_told_from_others_is_refused(name: str, people: People) -> None:
    people.add("Child")
    with pytest.raises(PersonRefused) as caught:
        people.add(name)
    assert caught.value.fault is PersonFault.BAD_NAME


def test_there_is_room_for_a_family(people: People) -> None:
    for number in range(PEOPLE_LIMIT - 1):
        people.add(f"{number}")
    with pytest.raises(PersonRefused) as caught:
        people.add("one more")
    assert caught.value.fault is PersonFault.FULL


def test_the_first_person_stays(people: People) -> None:
    with pytest.raises(PersonRefused) as caught:
        people.remove(people.all()[0])
    assert caught.value.fault is PersonFault.STILL_USED


@pytest.mark.parametrize(
    "damage",
    [
        "",
        "[]",
        "{}",
        '{"format": 2, "next": 2, "people": [[1, ""]]}',
        '{"format": 1, "next": 2, "people": [[2, "x"]]}',
    ],
)
def test_a_damaged_list_is_not_taken_for_an_empty_one(
    damage: str, people: People, tmp_path: Path
) -> None:
    people.add("Child")
    (tmp_path / "home/people.json").write_text(damage)
    with pytest.raises(CommandError, match="damaged"):
        people.all()


# On the pages


def test_nothing_of_one_person_appears_on_the_pages_of_another(
    visitor: Visitor, house: House, activate: Callable[..., None], phone: Phone
) -> None:
    child = house.people.add("Child")
    activate(1)
    visitor.post("/p/1/show", visitor.get("/p/1").form("/p/1/show"))
    pages = ["", "/start", "/data", "/end", "/erase", "/again", "/code", "/name"]
    for page in pages:
        seen = visitor.follow(visitor.get(f"/p/2{page}"))
        assert "Green" not in seen.html
        assert phone.issuer.world.iss not in seen.html
        assert "/p/1/" not in seen.html
    assert visitor.get("/p/2/code.json").status == 410
    assert house.people.file(child).load() == Wallet()
    activate(2, OTHER_CODE)
    mine, theirs = (house.people.file(one).load() for one in house.people.all())
    assert mine.entitlement and theirs.entitlement
    assert mine.entitlement.account_key != theirs.entitlement.account_key
    keys = [{one.device_key for b in w.batches for one in b.passes} for w in (mine, theirs)]
    assert not keys[0] & keys[1]


def test_ending_one_wallet_leaves_the_others(
    visitor: Visitor, house: House, activate: Callable[..., None]
) -> None:
    house.people.add("Child")
    activate(1)
    activate(2, OTHER_CODE)
    visitor.post("/p/1/end", visitor.get("/p/1/end").form("/p/1/end"))
    mine, theirs = (house.people.file(one).load() for one in house.people.all())
    assert mine == Wallet()
    assert theirs.entitlement is not None


def test_people_are_added_named_and_removed_on_the_pages(visitor: Visitor, house: House) -> None:
    added = visitor.post("/people", visitor.get("/people").form("/people") | {"name": "Апа"})
    assert added.header("location") == "/p/2"
    form = visitor.get("/p/2/name").form("/p/2/name")
    visitor.post("/p/2/name", form | {"name": "Ата"})
    assert "Ата" in visitor.get("/p/1").text
    taken = visitor.post("/people", visitor.get("/people").form("/people") | {"name": "ата"})
    assert taken.status == 400
    visitor.post("/p/2/remove", visitor.get("/p/2/name").form("/p/2/remove"))
    assert "Ата" not in visitor.get("/p/1").text


def test_a_person_with_passes_is_not_removed(
    visitor: Visitor, house: House, activate: Callable[..., None]
) -> None:
    house.people.add("Child")
    activate(2)
    refused = visitor.post("/p/2/remove", visitor.get("/p/2/name").form("/p/2/remove"))
    assert "not empty" in visitor.follow(refused).text
    assert house.people.find(2) is not None


def test_names_are_escaped(visitor: Visitor, house: House) -> None:
    house.people.add("<script>")
    assert "<script>" not in visitor.get("/p/2").html.replace("<script src=", "")


def test_a_damaged_list_is_told_in_words(visitor: Visitor, house: House, phone: Phone) -> None:
    house.people.add("Child")
    (phone.home / "people.json").write_text("{")
    assert "damaged" in visitor.get("/p/1").text
