"""Every key of the server anew: what follows when somebody may have copied it.

The roots name a new signer and a new log in one statement. Once it is in force every other key that
was on the server is replaced, so that nothing made with a copied key is accepted by anybody who has
updated (docs/operating.md, "A key was seen by somebody").
"""

from dataclasses import dataclass
from os import urandom

from issuer.authority import Authority
from issuer.documents.bundle import Retired, load_retired, save_retired
from issuer.home import Home
from issuer.keys.grid import list_keys
from issuer.keys.keyring import REFERENCE_KEY_BYTES, create_issuing_keys, issuing_key_paths
from issuer.keys.tracing import tracing_seeds
from issuer.log.keys import destroy_log_keys
from schemas.codec import from_json, to_json
from schemas.hours import date_at
from schemas.log.notes import VerifierKey
from shell.errors import CommandError
from shell.files import create_private, destroy, read_private, write_private


@dataclass(frozen=True)
class Replacement:
    """What is to happen once a statement names the log whose verifier key is ``log``."""

    log: str
    reference_key: bool


def plan_replacement(home: Home, log: VerifierKey, *, reference_key: bool) -> None:
    """Note it, so that whatever interrupts it or however long the roots take, it is done."""
    write_private(home.replacement, to_json(Replacement(log.text, reference_key)))


def finish_replacement(authority: Authority, now: int) -> bool:
    """Replace the keys when the statement that was waited for is in force; whether it was.

    For a holder of the lock of making. Raises CommandError.
    """
    home = authority.home
    planned = _planned(home)
    if planned is None or planned.log != authority.chain.last.log.text:
        return False
    destroy_log_keys(home, before=authority.chain.last.place.number)
    _retire_pass_keys(authority, now)
    for path in [*issuing_key_paths(home), *home.keys.glob("paper-*.pem")]:
        destroy(path)
    create_issuing_keys(home)
    tracing_seeds(home).destroy_after(date_at(now))
    if planned.reference_key:
        destroy(home.reference_key)
        create_private(home.reference_key, urandom(REFERENCE_KEY_BYTES))
    # Made anew with the new keys, when the service or retention looks next.
    for path in (home.statement, home.notices):
        path.unlink(missing_ok=True)
    home.replacement.unlink()
    authority.forget_keys()
    return True


def _planned(home: Home) -> Replacement | None:
    try:
        return from_json(Replacement, read_private(home.replacement))
    except FileNotFoundError:
        return None
    except ValueError:
        raise CommandError(
            f"{home.replacement} is damaged; remove it and run: qupia-issuer keys replace-all"
        ) from None


def _retire_pass_keys(authority: Authority, now: int) -> None:
    """All of them at once; bundles list the ids of those that were published until they end."""
    home, newest = authority.home, authority.newest()
    retired = {
        entry.id: Retired(entry.key, min(entry.at, now)) for entry in load_retired(home, now)
    }
    published = newest.bundle.pass_keys if newest is not None else ()
    save_retired(home, ({key.id: Retired(key, now) for key in published} | retired).values())
    for file in list_keys(home.pass_keys):
        destroy(file.path)
