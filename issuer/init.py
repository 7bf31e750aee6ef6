"""``init``: a new home, with its keys and the first root statement.

The statement is docs/formats.md, "Root statements".
"""

import re
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from issuer.documents.bundle import check_size
from issuer.home import Config, Home
from issuer.keys.keyring import SigningKey, create_service_keys
from issuer.keys.roots import delegate
from issuer.perishable.store import Store
from issuer.rules.policy import default_policy_text, parse_policy, render_policy
from issuer.staff import Staff
from schemas.hints import HintForm
from schemas.jws import Typ
from schemas.kinds import DAY
from schemas.origins import host_of, parse_origin
from shell.errors import CommandError
from shell.files import create_private, remove_drafts

DEFAULT_SUNSET_DAYS = 180
_DATE = re.compile(r"\d{4}-\d\d-\d\d\Z", flags=re.ASCII)


def init_issuer(
    path: Path,
    *,
    name: str,
    url: str,
    hint: HintForm,
    sunset: str | None,
    specimen: bool,
    now: int,
) -> Config:
    """Make a home with all its keys but the pass keys, and delegate the first signer.

    Everything is checked before anything is written, and the configuration is written last, so an
    interrupted ``init`` can be run again. Raises CommandError.
    """
    home = Home(path)
    if home.config.exists():
        raise CommandError(f"there is an issuer in {path} already; choose another --home")
    if path.exists() and not _is_free(home):
        raise CommandError(f"{path} is not empty; choose another --home")
    policy_text = render_policy(default_policy_text(), name=name)
    policy = parse_policy(policy_text)
    origin = _origin(url)
    root = SigningKey.generate(Typ.ROOT)
    config = Config(
        url=origin,
        token_issuer=host_of(origin),
        root=root.thumbprint,
        hint=hint,
        sunset=parse_sunset(sunset, policy.time_zone, now),
        specimen=specimen,
    )
    check_size(config, policy, now)
    home.make()
    _remove_unfinished(home)
    create_private(home.policy, policy_text.encode())
    root.create(home.root_key)
    create_service_keys(home)
    delegate(home, root=root, next_root=None, earlier=[], version=1, now=now)
    Staff(home.staff).create()
    Store.open(home.perishable).close()
    config.create(home)
    return config


def parse_sunset(text: str | None, time_zone: str, now: int) -> int:
    """Local midnight at the start of ``YYYY-MM-DD``, or of the day 180 days from now."""
    zone = ZoneInfo(time_zone)
    if text is None:
        local = datetime.fromtimestamp(now + DEFAULT_SUNSET_DAYS * DAY, zone)
        local = local.replace(hour=0, minute=0, second=0, microsecond=0)
    else:
        try:
            if not _DATE.match(text):
                raise ValueError
            local = datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=zone)
        except ValueError:
            raise CommandError("the sunset is a date: YYYY-MM-DD") from None
    sunset = int(local.timestamp())
    if sunset <= now:
        raise CommandError("the sunset is a day in the future")
    return sunset


def _origin(url: str) -> str:
    try:
        return parse_origin(url)
    except ValueError as error:
        raise CommandError(f"--url: {error}") from None


def _is_free(home: Home) -> bool:
    """Whether the folder is empty, or holds what an interrupted init left.

    Such an init made all folders before it wrote anything, the tagged one last. With a bundle the
    home was in use, and its configuration was lost later.
    """
    if not home.path.is_dir() or home.bundle.exists():
        return False
    folders = {home.keys, home.pass_keys, home.perishable}
    return (home.perishable / "CACHEDIR.TAG").exists() or all(
        path in folders or path.name.endswith(".draft") for path in home.path.rglob("*")
    )


def _remove_unfinished(home: Home) -> None:
    """There is no configuration, so nothing was issued with what an interrupted init left."""
    for path in (home.policy, home.root_key, home.reference_key, *home.keys.glob("*.pem")):
        path.unlink(missing_ok=True)
    for folder in (home.path, home.keys, home.perishable):
        remove_drafts(folder)
