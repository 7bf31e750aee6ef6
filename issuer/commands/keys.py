"""Commands of an officer: keys and the bundle."""

from pathlib import Path
from typing import Annotated, Any

import typer

from issuer.authority import Authority
from issuer.commands.opening import (
    HomeOption,
    opened_before_sunset,
    warn_if_waiting,
    warn_of_root_key,
)
from issuer.keys.roots import signer_end
from issuer.publication.making import (
    find_key,
    make_missing_keys,
    missing_cells,
    publish,
    retire,
)
from issuer.publication.switching import SwitchCost, switch_cost
from schemas.bundle import PassKey, TrustBundle
from schemas.encoding import b64url_encode, format_time
from schemas.kinds import HOUR
from shell.command_line import (
    JsonOption,
    answer,
    new_app,
    say,
    warn,
)
from shell.errors import CommandError
from shell.files import write_private
from shell.pictures import save_qr
from shell.progress import progress_bar

keys_app = new_app("Keys: list, make, retire, delegate, sign.")


@keys_app.command("list")
def list_(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """The windows and keys in force."""
    with opened_before_sunset(home) as (authority, now):
        warn_of_root_key(authority)
        published = authority.published()
        bundle = published.bundle if published else None
        members = {
            "root": authority.anchor,
            "signer_until": format_time(signer_end(authority.chain)),
            "missing": len(missing_cells(authority, now)),
            "keys": [_key_members(key) for key in bundle.pass_keys] if bundle else [],
            "retired": _retired_members(bundle) if bundle else [],
        }
    answer(as_json=as_json, members=members, text=_list_text(members))


@keys_app.command()
def make(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Make the keys that are missing, on all cores, and publish them."""
    with opened_before_sunset(home) as (authority, now):
        made = make_with_progress(authority, now)
        published = publish(authority, now)
        waits = warn_if_waiting(authority)
    members = {"made": made, "published": published, "waits_for_witnesses": waits}
    answer(as_json=as_json, members=members, text=f"{made} keys made")


# An id may begin with a hyphen, which is no option then.
@keys_app.command("retire", context_settings={"ignore_unknown_options": True})
def retire_(
    key_id: str,
    hours: Annotated[
        int, typer.Option("--in", min=0, max=24, help="For so many hours doors still admit it.")
    ] = 0,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Withdraw a pass key before its time; its id or the beginning of it."""
    with opened_before_sunset(home) as (authority, now):
        warn_of_root_key(authority)
        key = find_key(authority, key_id)
        if key is None:
            raise CommandError("no single key in force has that id; see: qupia-issuer keys list")
        at = now + hours * HOUR
        cost = switch_cost(authority.policy, key, hours=hours)
        _warn_of_switch(cost)
        retire(authority, key, now, at=at)
        waits = warn_if_waiting(authority)
    members = {
        "retired": b64url_encode(key.id),
        "at": format_time(at),
        "alike": cost.alike,
        "alike_after_an_hour": cost.soon,
        "waits_for_witnesses": waits,
    }
    answer(as_json=as_json, members=members, text=_retired_text(hours, at))


def bundle(
    out: Annotated[Path | None, typer.Option("--out", help="Write the bundle to a file.")] = None,
    setup_qr: Annotated[
        Path | None, typer.Option("--setup-qr", help="Write the venues' set-up code, a PNG.")
    ] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """The trust bundle in force, made anew when it is due."""
    with opened_before_sunset(home) as (authority, now):
        make_with_progress(authority, now)
        publish(authority, now)
        waits = warn_if_waiting(authority)
        published = authority.published()
        setup_code, anchor = authority.setup_code, authority.anchor
    if published is None:
        raise CommandError("no bundle could be made; run: qupia-issuer keys list", exit_code=1)
    if setup_qr is not None:
        save_qr(setup_code, setup_qr)
    if out is not None:
        write_private(out, published.data)
    elif not as_json and setup_qr is None:
        say(published.data.decode("utf-8"))
        return
    members = _bundle_members(published.bundle, anchor) | {"waits_for_witnesses": waits}
    answer(as_json=as_json, members=members, text="Written.")


def make_with_progress(authority: Authority, now: int) -> int:
    """Make what is missing, with a bar."""
    with progress_bar("keys", at_once=True) as show:
        return make_missing_keys(authority, now, show)


def _warn_of_switch(cost: SwitchCost) -> None:
    """What a retirement costs people, said before it is done."""
    if cost.is_quick:
        warn("only a theft is a reason to switch so quickly; for anything else: --in 24")
        warn(
            "in the first hours only those look alike whose wallets have new passes already"
            if cost.soon is None
            else f"about {cost.alike} people's passes look alike now, and an hour after this only "
            f"those of {cost.soon} at most who have new ones"
        )
    warn(
        "doors then refuse whoever has not fetched new passes: a wallet that runs only while it "
        "is open fetches none by itself"
    )


def _retired_text(hours: int, at: int) -> str:
    if hours:
        return (
            f"Retired. Venues refuse its passes from {format_time(at)} on; wallets that run fetch "
            "new ones at a random time before."
        )
    return (
        "Retired. Venues refuse its passes as soon as they have the new bundle; wallets ask their "
        "owners when to fetch new ones."
    )


def _key_members(key: PassKey) -> dict[str, Any]:
    return {
        "id": b64url_encode(key.id),
        "status": key.status,
        "holder": key.holder,
        "nbf": format_time(key.window.nbf),
        "exp": format_time(key.window.exp),
    }


def _retired_members(bundle: TrustBundle) -> list[dict[str, Any]]:
    """Keys that were withdrawn, and from when on doors refuse them."""
    return [
        {"id": b64url_encode(key_id), "at": format_time(at)}
        for key_id, at in bundle.retired.items()
    ]


def _bundle_members(bundle: TrustBundle, root: str) -> dict[str, Any]:
    return {
        "version": bundle.version,
        "iat": format_time(bundle.iat),
        "exp": format_time(bundle.exp),
        "keys": len(bundle.pass_keys),
        "root": root,
    }


def _list_text(members: dict[str, Any]) -> str:
    lines = [
        f"{key['nbf']}  {key['status']:<8} {key['holder'] or '-':<6} {key['id']}"
        for key in members["keys"]
    ]
    lines += [f"retired {key['at']}  {key['id']}" for key in members["retired"]]
    lines.append(f"root {members['root']}; the signer ends {members['signer_until']}")
    if members["missing"]:
        lines.append(f"{members['missing']} keys are missing; run: qupia-issuer keys make")
    return "\n".join(lines)
