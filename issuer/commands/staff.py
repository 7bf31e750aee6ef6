"""Commands about staff accounts."""

from collections.abc import Callable
from typing import Annotated

import typer

from issuer.authority import Authority
from issuer.commands.opening import HomeOption, opened_before_sunset
from issuer.oversight.audit import Action
from issuer.staff import Role
from schemas.kinds import DAY
from shell.command_line import JsonOption, answer, new_app

staff_app = new_app("Staff accounts: add, list, remove, reset.")


@staff_app.command()
def add(
    name: str,
    role: Annotated[Role, typer.Option("--role")],
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make an account; its key is shown this once."""
    with opened_before_sunset(home) as (authority, now):
        key = authority.staff.add(name, role, now, note=_noting(authority, Action.STAFF_ADD, now))
        url = authority.config.url
    members = {"name": name, "role": role.value, "key": key}
    answer(as_json=as_json, members=members, text=_key_text(key, url))


@staff_app.command("list")
def list_(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """The accounts and the days since each was used."""
    with opened_before_sunset(home) as (authority, now):
        accounts = [
            {
                "number": account.number,
                "name": account.name,
                "role": account.role.value,
                "unused_days": max(0, now // DAY - account.last_used_day),
            }
            for account in authority.staff.accounts()
        ]
    text = "\n".join(
        f"{a['number']:>4}  {a['role']:<10} {a['name']}  used {a['unused_days']} days ago"
        for a in accounts
    )
    answer(
        as_json=as_json,
        members={"accounts": accounts},
        text=text or "No accounts; run: qupia-issuer staff add NAME --role registrar",
    )


@staff_app.command()
def remove(name: str, home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Remove an account; its key opens nothing any more."""
    with opened_before_sunset(home) as (authority, now):
        authority.staff.remove(name, note=_noting(authority, Action.STAFF_REMOVE, now))
    answer(as_json=as_json, members={"removed": name}, text=f"{name} is removed.")


@staff_app.command()
def reset(name: str, home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Forget an account's password and end its sessions; its new key is shown this once."""
    with opened_before_sunset(home) as (authority, now):
        key = authority.staff.reset(name, note=_noting(authority, Action.STAFF_RESET, now))
        url = authority.config.url
    answer(as_json=as_json, members={"name": name, "key": key}, text=_key_text(key, url))


def _noting(authority: Authority, action: Action, now: int) -> Callable[[], None]:
    return lambda: authority.audit.note(action, None, now)


def _key_text(key: str, url: str) -> str:
    return (
        f"{key}\nThis key is shown once; store it now.\n"
        f"To use the pages, sign in at {url}/console with the name and this key, "
        "and choose a password there."
    )
