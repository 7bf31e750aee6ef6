"""``init``: a new home, with its keys and the first root statement.

The statement is docs/formats.md, "Root statements".
"""

import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from issuer.documents.bundle import check_size
from issuer.home import Config, Home
from issuer.keys.keyring import SigningKey, create_service_keys
from issuer.keys.roots import sign_statement, statement_payload
from issuer.log.log import create_log
from issuer.perishable.store import Store
from issuer.publication.root_requests import SigningRequest, pending_member, request_for
from issuer.publication.root_statements import put_first_in_force
from issuer.rules.cells import cells_warning
from issuer.rules.policy import default_policy_text, parse_policy, render_policy
from issuer.staff import Staff
from schemas.hints import HintForm
from schemas.jwk import thumbprint
from schemas.jws import Typ
from schemas.kinds import DAY
from schemas.origins import host_of, parse_origin
from schemas.root_statements import MOST_ROOTS
from shell.errors import CommandError
from shell.files import create_private, remove_drafts

DEFAULT_SUNSET_DAYS = 180
_DATE = re.compile(r"\d{4}-\d\d-\d\d\Z", flags=re.ASCII)


@dataclass(frozen=True)
class RootChoice:
    """Whose signatures stand at the beginning.

    ``made`` root keys are written into the home, for trying out. ``public`` are the public keys,
    as JWKs, of roots that were made on machines of their own. ``threshold`` of them must sign.
    """

    made: int = 1
    public: tuple[Mapping[str, str], ...] = ()
    threshold: int | None = None

    @property
    def number(self) -> int:
        return len(self.public) or self.made

    @property
    def needed(self) -> int:
        """More than half unless told otherwise; raises CommandError for an impossible number."""
        needed = self.number // 2 + 1 if self.threshold is None else self.threshold
        differ = len({thumbprint(root) for root in self.public}) == len(self.public)
        if not differ or not 1 <= needed <= self.number <= MOST_ROOTS:
            raise CommandError(
                f"there are 1 to {MOST_ROOTS} roots, all different, and --threshold is at most "
                "their number"
            )
        return needed


@dataclass(frozen=True)
class Founded:
    """A new home; ``anchor`` is what devices will pin.

    ``request`` is what roots elsewhere are to sign before anything can be published; None where
    the roots are in the home and have signed.
    """

    config: Config
    anchor: str
    sunset: int
    request: SigningRequest | None


def init_issuer(
    path: Path,
    *,
    name: str,
    url: str,
    hint: HintForm,
    sunset: str | None,
    specimen: bool,
    roots: RootChoice,
    people: int | None = None,
    now: int,
) -> Founded:
    """Make a home with all its keys but the pass keys, and the first root statement.

    Everything is checked before anything is written, and the configuration is written last, so an
    interrupted ``init`` can be run again. Raises CommandError, also where ``people`` are so few
    that too few look alike.
    """
    home = Home(path)
    if home.config.exists():
        raise CommandError(f"there is an issuer in {path} already; choose another --home")
    if path.exists() and not _is_free(home):
        raise CommandError(f"{path} is not empty; choose another --home")
    policy_text = render_policy(default_policy_text(), name=name, people=people)
    policy = parse_policy(policy_text)
    # Only what is too small matters here; whoever called warns.
    cells_warning(policy, hint)
    origin = _origin(url)
    threshold = roots.needed
    ends = parse_sunset(sunset, policy.time_zone, now)
    config = Config(url=origin, token_issuer=host_of(origin), hint=hint, specimen=specimen)
    check_size(hint, policy, sunset=ends, now=now)
    home.make()
    _remove_unfinished(home)
    create_private(home.policy, policy_text.encode())
    create_service_keys(home)
    made = [] if roots.public else _make_roots(home, roots.made)
    payload = statement_payload(
        version=1,
        threshold=threshold,
        roots=roots.public or [root.jwk for root in made],
        signer=pending_member(home, now),
        sunset=ends,
        log=create_log(home, number=1, token_issuer=config.token_issuer),
    )
    request = request_for(origin, payload, before=None)
    if made:
        put_first_in_force(home, sign_statement(payload, made), now)
    else:
        create_private(home.first_request, request.encode())
    Staff(home.staff).create()
    Store.open(home.perishable).close()
    config.create(home)
    anchor = request.signed.statement.anchor
    return Founded(config, anchor, ends, None if made else request)


def _make_roots(home: Home, number: int) -> list[SigningKey]:
    """Root keys in the home, until they are moved offline."""
    made = [SigningKey.generate(Typ.ROOT) for _ in range(number)]
    for at, root in enumerate(made, 1):
        root.create(home.root_key if number == 1 else home.numbered_root_key(at))
    return made


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
    single = (home.policy, home.first_request, home.delegations, home.reference_key)
    for path in (*single, *home.root_keys(), *home.keys.glob("*.pem")):
        path.unlink(missing_ok=True)
    shutil.rmtree(home.logs, ignore_errors=True)
    for folder in (home.path, home.keys, home.perishable):
        remove_drafts(folder)
