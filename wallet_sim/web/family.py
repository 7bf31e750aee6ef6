"""The people of this device: another one, another name, one less."""

from starlette.responses import Response

from shell.pages import redirect
from wallet_sim.web.desk import WalletDesk
from wallet_sim.web.people import FIRST, Person, PersonFault, PersonRefused
from wallet_sim.web.visits import erase_visits, would_be_lost

PATH = "/people"


def show_family(desk: WalletDesk) -> Response:
    """``GET /people``"""
    return desk.page("people.html", problem="", typed="")


def add_person(desk: WalletDesk) -> Response:
    """``POST /people``"""
    if desk.repeated:
        return redirect(PATH)
    try:
        person = desk.house.people.add(desk.sent("name"))
    except PersonRefused as refused:
        return desk.page(
            "people.html",
            status=400,
            problem=desk.say(refused.fault),
            typed=desk.sent("name"),
        )
    return redirect(f"/p/{person.number}")


def show_name(desk: WalletDesk) -> Response:
    """``GET /p/N/name``"""
    return _name_page(desk, desk.person.name)


def give_name(desk: WalletDesk) -> Response:
    """``POST /p/N/name``"""
    try:
        desk.house.people.rename(desk.person, desk.sent("name"))
    except PersonRefused as refused:
        return _name_page(desk, desk.sent("name"), desk.say(refused.fault))
    return desk.go()


def _name_page(desk: WalletDesk, typed: str, problem: str = "") -> Response:
    return desk.page(
        "name.html",
        status=400 if problem else 200,
        typed=typed,
        problem=problem,
        removable=desk.person.number != FIRST,
    )


def remove_person(desk: WalletDesk) -> Response:
    """``POST /p/N/remove``: only with an empty wallet, and where no visit would be lost."""
    try:
        _remove(desk)
    except PersonRefused as refused:
        desk.room.tell(desk.say(refused.fault), good=False)
        return desk.go("data")
    desk.house.leave(desk.person)
    return redirect("/")


def _remove(desk: WalletDesk) -> None:
    """Raises PersonRefused."""
    people = desk.house.people
    people.check_removable(desk.person)
    if would_be_lost(desk):
        raise PersonRefused(PersonFault.STILL_USED)
    erase_visits(desk)
    people.remove(desk.person)


NOBODY = Person(0)
"""Whose forms those of the page of people are."""
