"""Commands about staff accounts."""

from collections.abc import Callable
from typing import Annotated

import typer

from issuer.authority import Authority
from issuer.commands.opening import HomeOption, opened_before_sunset
from issuer.oversight.audit import Action
from issuer.staff import Role, link_of, party_of
from schemas.encoding import format_time
from schemas.kinds import DAY, PASSKEY_LINK
from shell.command_line import JsonOption, answer, new_app

staff_app = new_app("Staff accounts: add, list, remove, reset.")


@staff_app.command()
def add(
    name: str,
    role: Annotated[Role, typer.Option("--role")],
    profile: Annotated[
        str | None, typer.Option("--profile", help="How its exports are read; see policy.toml.")
    ] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make an account; its key is shown this once."""
    with opened_before_sunset(home) as (authority, now):
        authority.policy.with_profile(profile)
        note = _noting(authority, Action.STAFF_ADD, now)
        key = authority.staff.add(name, role, now, profile=profile, note=note)
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
            | ({"profile": account.profile} if account.profile else {})
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


@staff_app.command()
def passkey(
    name: str,
    reset: Annotated[
        bool, typer.Option("--reset", help="Forget the passkeys that the account has.")
    ] = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Print a link that makes a passkey for an account: it works once, for 15 minutes."""
    with opened_before_sunset(home) as (authority, now):
        url = party_of(authority.config.url).origin
        note = _noting(authority, Action.STAFF_PASSKEY, now)
        token = authority.staff.passkeys.make_link(name, now, note=note, reset=reset)
        link = link_of(url, token)
    members = {"name": name, "link": link, "ends_at": format_time(now + PASSKEY_LINK)}
    answer(as_json=as_json, members=members, text=f"{link}\n{_LINK_TEXT}")


_LINK_TEXT = (
    "Whoever opens this link within 15 minutes makes the passkey, once: give it to the account's "
    "owner alone."
)


def _noting(authority: Authority, action: Action, now: int) -> Callable[[], None]:
    return lambda: authority.audit.note(action, None, now)


def _key_text(key: str, url: str) -> str:
    return (
        f"{key}\nThis key is shown once; store it now.\n"
        f"To use the pages, sign in at {url}/console with the name and this key, "
        "and choose a password there."
    )
