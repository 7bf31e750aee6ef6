"""Commands about staff accounts."""

from typing import Annotated

import typer

from issuer.commands.opening import HomeOption, opened_before_sunset
from issuer.staff import Role
from schemas.kinds import DAY
from shell.clock import system_clock
from shell.command_line import JsonOption, answer, new_app

staff_app = new_app("Staff accounts: add, list, remove.")


@staff_app.command()
def add(
    name: str,
    role: Annotated[Role, typer.Option("--role")],
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make an account; its key is shown this once."""
    now = system_clock()
    with opened_before_sunset(home, now) as authority:
        key = authority.staff.add(name, role, now)
        authority.staff.note("staff add", None, now)
    members = {"name": name, "role": role.value, "key": key}
    answer(as_json=as_json, members=members, text=f"{key}\nThis key is shown once; store it now.")


@staff_app.command("list")
def list_(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """The accounts and the days since each was used."""
    now = system_clock()
    with opened_before_sunset(home, now) as authority:
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
    now = system_clock()
    with opened_before_sunset(home, now) as authority:
        authority.staff.remove(name)
        authority.staff.note("staff remove", None, now)
    answer(as_json=as_json, members={"removed": name}, text=f"{name} is removed.")
