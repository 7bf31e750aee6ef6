"""Commands of an officer: keys, the bundle, the end of the system."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from issuer.authority import Authority
from issuer.commands.opening import (
    HomeOption,
    issuer_home,
    opened_before_sunset,
    warn_of_root_key,
    warn_of_signer,
)
from issuer.documents.bundle import check_size
from issuer.home import Config
from issuer.init import parse_sunset
from issuer.keys.keyring import SigningKey
from issuer.keys.roots import load_root, signer_end
from issuer.oversight.audit import Action
from issuer.publication import root_statements
from issuer.publication.making import (
    find_key,
    make_missing_keys,
    missing_cells,
    publish,
    retire,
)
from issuer.publication.root_requests import SigningRequest
from issuer.rules.policy import load_policy
from schemas.bundle import PassKey, TrustBundle
from schemas.encoding import b64url_encode, format_time
from schemas.jws import Typ
from shell.clock import system_clock
from shell.command_line import (
    EXIT_REFUSED,
    JsonOption,
    UnusedHomeOption,
    answer,
    new_app,
    say,
    warn,
)
from shell.errors import CommandError
from shell.files import create_private, is_private, read_given, write_private
from shell.pictures import save_qr
from shell.progress import progress_bar
from shell.times import local_date

RootOption = Annotated[Path, typer.Option("--root", help="The root key, from where it is kept.")]
NewRootOption = Annotated[
    Path | None, typer.Option("--new-root", help="Replace the root; the new key goes here.")
]

_REQUEST_LIMIT = 64_000
"""Bytes of a request for a root statement; it has 600."""

keys_app = new_app("Keys: list, make, retire, delegate, sign.")


@keys_app.command("list")
def list_(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """The windows and keys in force."""
    with opened_before_sunset(home) as (authority, now):
        warn_of_root_key(authority)
        published = authority.published()
        bundle = published.bundle if published else None
        members = {
            "root": authority.config.root,
            "signer_until": format_time(signer_end(authority.home, authority.config)),
            "missing": len(missing_cells(authority, now)),
            "keys": [_key_members(key) for key in bundle.pass_keys] if bundle else [],
            "retired": sorted(map(b64url_encode, bundle.retired)) if bundle else [],
        }
    answer(as_json=as_json, members=members, text=_list_text(members))


@keys_app.command()
def make(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Make the keys that are missing, on all cores, and publish them."""
    with opened_before_sunset(home) as (authority, now):
        made = make_with_progress(authority, now)
        published = publish(authority, now)
    members = {"made": made, "published": published}
    answer(as_json=as_json, members=members, text=f"{made} keys made")


# An id may begin with a hyphen, which is no option then.
@keys_app.command("retire", context_settings={"ignore_unknown_options": True})
def retire_(key_id: str, home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Withdraw a pass key before its time; its id or the beginning of it."""
    with opened_before_sunset(home) as (authority, now):
        warn_of_root_key(authority)
        key = find_key(authority, key_id)
        if key is None:
            raise CommandError("no single key in force has that id; see: qupia-issuer keys list")
        retire(authority, key, now)
    answer(
        as_json=as_json,
        members={"retired": b64url_encode(key.id)},
        text="Retired. Venues refuse its passes as soon as they have the new bundle; wallets "
        "fetch new passes at their next sync.",
    )


@keys_app.command()
def delegate(
    root: RootOption,
    new_root: NewRootOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Sign a root statement with a fresh bundle signer for 35 days."""
    with opened_before_sunset(home) as (authority, now):
        root_key = load_root(authority.home, authority.config, root)
        if not is_private(root):
            warn(f"others can read {root}; lock the stick away, or run: chmod 600 '{root}'")
        next_root = None if new_root is None else _create_root(new_root)
        with progress_bar("keys", at_once=True) as show:
            signer = root_statements.delegate(
                authority, root_key, next_root=next_root, now=now, progress=show
            )
        end = format_time(signer_end(authority.home, authority.config))
    members = {"signer": signer, "until": end}
    answer(as_json=as_json, members=members, text=f"Signer {signer} signs bundles until {end}.")


@keys_app.command()
def sign(
    request: Annotated[Path, typer.Argument(help="The request, from the issuer's page.")],
    root: RootOption,
    out: Annotated[Path, typer.Option("--out", help="The statement; never overwritten.")],
    new_root: NewRootOption = None,
    home: UnusedHomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Sign a root statement on a machine that has no network and no home."""
    wanted = SigningRequest.parse(_read_request(request))
    root_key = SigningKey.load(root, Typ.ROOT, at_home=False)
    wanted.check_root(root_key.thumbprint)
    if out.exists():
        raise CommandError(f"{out} exists and is never overwritten; choose another")
    next_root = None if new_root is None else _create_root(new_root)
    statement = wanted.sign(root_key, next_root=next_root)
    create_private(out, statement.encode("ascii"))
    members = {
        "issuer": wanted.issuer,
        "version": wanted.version,
        "signer": wanted.thumbprint,
        "until": format_time(wanted.exp),
        "root": (next_root or root_key).thumbprint,
    }
    answer(
        as_json=as_json,
        members=members,
        text=f"Statement {wanted.version} of {wanted.issuer}: signer {wanted.thumbprint} signs "
        f"bundles until {members['until']}.\nCompare this signer with the one that the issuer's "
        f"page shows, then upload {out} there.",
    )


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
        published = authority.published()
        config = authority.config
    if published is None:
        raise CommandError("no bundle could be made; run: qupia-issuer keys list", exit_code=1)
    if setup_qr is not None:
        save_qr(config.setup_code, setup_qr)
    if out is not None:
        write_private(out, published.data)
    elif not as_json and setup_qr is None:
        say(published.data.decode("ascii"))
        return
    answer(as_json=as_json, members=_bundle_members(published.bundle, config.root), text="Written.")


def policy_check(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Check policy.toml before the service is started anew."""
    place = issuer_home(home)
    place.check()
    config, now = Config.load(place), system_clock()
    warn_of_signer(place, config, now)
    check_size(config, load_policy(place.policy), now)
    answer(as_json=as_json, members={"ok": True}, text="policy.toml is fine.")


def sunset(date: str, home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Move the end of the system to an earlier day; never to a later one."""
    with opened_before_sunset(home) as (authority, now):
        zone = authority.policy.zone
        when = parse_sunset(date, authority.policy.time_zone, now)
        if when >= authority.config.sunset:
            stands = local_date(authority.config.sunset, zone)
            raise CommandError(
                f"the sunset is {stands} and can only move earlier",
                exit_code=EXIT_REFUSED,
            )
        authority.audit.note(Action.SUNSET, None, now)
        with authority.making():
            replace(authority.config, sunset=when).save(authority.home)
        make_with_progress(authority, now)
        publish(authority, now)
    answer(
        as_json=as_json,
        members={"sunset": format_time(when)},
        text=f"The system ends at {format_time(when)}.",
    )


def make_with_progress(authority: Authority, now: int) -> int:
    """Make what is missing, with a bar."""
    with progress_bar("keys", at_once=True) as show:
        return make_missing_keys(authority, now, show)


def _read_request(path: Path) -> bytes:
    try:
        return read_given(path, limit=_REQUEST_LIMIT)
    except FileNotFoundError:
        raise CommandError(f"{path} is missing; give the file of the request") from None


def _create_root(path: Path) -> SigningKey:
    key = SigningKey.generate(Typ.ROOT)
    key.create_new(path)
    return key


def _key_members(key: PassKey) -> dict[str, Any]:
    return {
        "id": b64url_encode(key.id),
        "status": key.status,
        "holder": key.holder,
        "nbf": format_time(key.window.nbf),
        "exp": format_time(key.window.exp),
    }


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
    lines += [f"retired  {key_id}" for key_id in members["retired"]]
    lines.append(f"root {members['root']}; the signer ends {members['signer_until']}")
    if members["missing"]:
        lines.append(f"{members['missing']} keys are missing; run: qupia-issuer keys make")
    return "\n".join(lines)
