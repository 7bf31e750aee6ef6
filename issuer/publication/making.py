"""Keys and seeds ahead of time, and the bundle that lists them: made by whoever holds the lock."""

from collections.abc import Callable

from issuer.authority import Authority
from issuer.documents.bundle import (
    RENEW_AFTER,
    Retired,
    bundle_end,
    bundle_payload,
    check_size,
    is_due,
    load_retired,
    public_keys,
    save_retired,
    service_key_member,
    service_keys,
)
from issuer.keys.grid import Cell, KeyFile, by_cell, list_keys, make_keys, wanted_cells
from issuer.keys.keyring import SigningKey
from issuer.keys.paper_keys import list_paper_keys, make_paper_keys, paper_key_for
from issuer.keys.roots import load_delegations, load_signer
from issuer.keys.tracing import (
    PUBLISHED_AHEAD,
    export_days,
    export_keys,
    is_tracing_due,
    last_listed,
    make_tracing_seeds,
    note_listed,
    tracing_hours,
    tracing_keys,
)
from issuer.oversight.audit import Action
from issuer.publication.entering import (
    ask_for_waiting,
    enter_bundle,
    is_same_log,
    last_entry,
    last_version,
    load_handover,
    publish_entered,
)
from issuer.publication.replacement import finish_replacement
from issuer.staff import Account
from schemas.bundle import PassKey, TrustBundle
from schemas.encoding import b64url_encode
from schemas.kinds import HOUR
from schemas.windows import Calendar
from shell.errors import CommandError
from shell.files import destroy

Progress = Callable[[int, int], None]
"""Told how many keys are done, and of how many."""


def silent(_done: int, _of: int) -> None:
    """No progress shown."""


def missing_cells(authority: Authority, now: int) -> list[Cell]:
    """The cells of the grid that have no key yet, the current window's first."""
    keys = _usable_keys(authority, load_retired(authority.home, now))
    until = now + authority.policy.bundle_hours * HOUR
    return [cell for cell in _cells(authority, now, until) if cell not in keys]


def make_missing_keys(authority: Authority, now: int, progress: Progress = silent) -> int:
    """Make every key that is missing; how many were. Makes none past the sunset."""
    if authority.is_over(now):
        return 0
    with authority.making():
        finish_replacement(authority, now)
        if missing_cells(authority, now):
            check_size(authority.config.hint, authority.policy, sunset=authority.sunset, now=now)
        return _make(authority, now, progress)


def publish(authority: Authority, now: int) -> bool:
    """Make a new bundle when one is due and its keys are there; whether one came into force.

    Raises CommandError when no signer is in force.
    """
    if authority.is_over(now):
        return False
    is_out = _enter_and_publish(authority, now)
    if is_out and authority.bundle().iat + RENEW_AFTER <= now:
        # It had waited for witnesses, who now sign the one that is due after it.
        _enter_and_publish(authority, now)
    return is_out


def find_key(authority: Authority, beginning: str) -> PassKey | None:
    """The key in force, or still retiring, whose id begins so; None where none does, or several."""
    published = authority.published()
    keys = (*published.bundle.pass_keys, *published.bundle.retiring) if published else ()
    found = [key for key in keys if beginning and b64url_encode(key.id).startswith(beginning)]
    return found[0] if len(found) == 1 else None


def retire(
    authority: Authority,
    key: PassKey,
    now: int,
    *,
    at: int | None = None,
    account: Account | None = None,
) -> bool:
    """Withdraw a key before its time, make its replacement and publish both facts at once.

    Whether they are published: False while the bundle that says so waits for witnesses.

    Nothing more is signed under it; doors admit what was signed until ``at``, at most 24 hours from
    now and at once by default. A time that was set can come sooner, never later. ``account`` is
    None for whoever can write to the home. The id is noted first, so that an interruption leaves no
    key in use that should be gone.
    """
    authority.audit.note(Action.RETIRE, account, now)
    with authority.making():
        finish_replacement(authority, now)
        retired = {entry.id: entry for entry in load_retired(authority.home, now)}
        earlier = retired.get(key.id)
        wanted = now if at is None else at
        since = wanted if earlier is None else min(wanted, earlier.at)
        retired[key.id] = Retired(key, since)
        save_retired(authority.home, retired.values())
        _make(authority, now, silent)
        _enter_due(authority, now)
    _publish_waiting(authority)
    newest = authority.newest()
    if newest is None or newest.bundle.retired.get(key.id) != since:
        raise CommandError("the key is gone, but its replacement is not out; run it again")
    return authority.entered() is None


def _make(authority: Authority, now: int, progress: Progress) -> int:
    _retire_lost(authority, now)
    _destroy_retired(authority, now)
    cells = missing_cells(authority, now)
    taken = [file.id for file in list_keys(authority.home.pass_keys)]
    taken += [entry.id for entry in load_retired(authority.home, now)]
    done = 0

    def count() -> None:
        nonlocal done
        done += 1
        progress(done, len(cells))

    make_keys(authority.home.pass_keys, cells, taken=taken, progress=count)
    return len(cells)


def _retire_lost(authority: Authority, now: int) -> None:
    """A published key whose file is gone is retired: clients refuse one that is replaced unsaid."""
    newest = authority.newest()
    if newest is None or not is_same_log(authority, newest):
        return
    there = {file.id for file in list_keys(authority.home.pass_keys)}
    retired = load_retired(authority.home, now)
    known = there | {entry.id for entry in retired}
    lost = [k for k in newest.bundle.pass_keys if k.id not in known and now < k.window.exp]
    if lost:
        save_retired(authority.home, [*retired, *(Retired(key, now) for key in lost)])


def _destroy_retired(authority: Authority, now: int) -> None:
    """A key that is noted as retired signs nothing more, whatever was interrupted since."""
    retired = {entry.id for entry in load_retired(authority.home, now)}
    for file in list_keys(authority.home.pass_keys):
        if file.id in retired:
            destroy(file.path)


def _enter_and_publish(authority: Authority, now: int) -> bool:
    with authority.making():
        finish_replacement(authority, now)
        _enter_due(authority, now)
    return _publish_waiting(authority)


def _publish_waiting(authority: Authority) -> bool:
    """Ask the witnesses, and only then take the lock: others can make keys meanwhile."""
    answers = ask_for_waiting(authority)
    with authority.making():
        return publish_entered(authority, answers)


def _enter_due(authority: Authority, now: int) -> None:
    """Enter a new bundle into the log where one is due and its keys are there."""
    retired = load_retired(authority.home, now)
    keys = _usable_keys(authority, retired)
    _make_paper_keys(authority, now)
    _make_tracing_seeds(authority, now)
    if not _is_due(authority, keys, retired, now):
        return
    signer, signer_exp = load_signer(authority.home, authority.chain, now)
    sunset = authority.sunset
    exp = bundle_end(authority.policy, signer_exp=signer_exp, sunset=sunset, now=now)
    cells = _cells(authority, now, exp)
    if all(cell in keys for cell in cells):
        _sign_bundle(authority, signer, cells=cells, keys=keys, retired=retired, now=now, exp=exp)


def _is_due(
    authority: Authority, keys: dict[Cell, KeyFile], retired: list[Retired], now: int
) -> bool:
    newest = authority.newest()
    renew_after = _renew_after(authority)
    return (
        newest is None
        or list(newest.delegations) != load_delegations(authority.home)
        or not _knows_paper_keys(authority, newest.bundle, now)
        or not _knows_service_keys(authority, newest.bundle)
        or is_due(
            newest.bundle,
            policy=authority.policy,
            sunset=authority.sunset,
            key_ids={file.id for file in keys.values()},
            retired=retired,
            renew_after=renew_after,
            now=now,
        )
        or is_tracing_due(
            authority.home,
            newest.bundle,
            renew_after=renew_after,
            now=now,
            sunset=authority.sunset,
        )
    )


def _renew_after(authority: Authority) -> int:
    """Seconds after which the newest bundle is made anew though nothing in it has changed.

    One that waits for witnesses is published with its age, and the next is made at once then. So
    it serves until half its life is over, and a long wait leaves few entries in the log.
    """
    waiting = authority.entered()
    if waiting is None:
        return RENEW_AFTER
    return max(RENEW_AFTER, (waiting.bundle.exp - waiting.bundle.iat) // 2)


def _sign_bundle(
    authority: Authority,
    signer: SigningKey,
    *,
    cells: list[Cell],
    keys: dict[Cell, KeyFile],
    retired: list[Retired],
    now: int,
    exp: int,
) -> None:
    home, config, newest = authority.home, authority.config, authority.newest()
    sunset = authority.sunset
    tracing = tracing_keys(home, tracing_hours(now=now, exp=exp, sunset=sunset), now)
    note_listed(home, authority.chain.last.log.text, tracing)
    payload = bundle_payload(
        config=config,
        policy=authority.policy,
        previous=last_entry(authority),
        delegations=load_delegations(home),
        handover=load_handover(home, authority.chain.last),
        pass_keys=public_keys(cells, keys, newest.bundle.by_id if newest else {}),
        paper_keys=[file.member() for file in list_paper_keys(home, now)],
        service_keys=[
            service_key_member(key, sunset=sunset, now=now) for key in service_keys(home)
        ],
        retired=retired,
        tracing=tracing,
        tracing_exports=export_keys(home, export_days(now=now, exp=exp, sunset=sunset), now),
        version=max(newest.bundle.version if newest else 0, last_version(authority)) + 1,
        now=now,
        exp=exp,
    )
    enter_bundle(authority, signer.sign(payload).encode("ascii"), now)


def _make_paper_keys(authority: Authority, now: int) -> None:
    """As far ahead as those of passes: a bundle must know the key of every slip in its life."""
    until = min(now + authority.policy.bundle_hours * HOUR, authority.sunset)
    make_paper_keys(authority.home, nbf=_midnight(authority, now), until=until)


def _make_tracing_seeds(authority: Authority, now: int) -> None:
    """For every hour that a bundle made now can list.

    An hour's key never changes while the log goes on, so a seed that was lost stays lost.
    """
    ahead = max(authority.policy.bundle_hours * HOUR, PUBLISHED_AHEAD)
    until = min(now + ahead, authority.sunset)
    after = last_listed(authority.home, authority.chain.last.log.text)
    make_tracing_seeds(authority.home, now=now, until=until, after=after)


def _knows_paper_keys(authority: Authority, bundle: TrustBundle, now: int) -> bool:
    """Whether a bundle lists today's key, and none that is gone."""
    there = {file.kid for file in list_paper_keys(authority.home, now)}
    listed = {key.kid for key in bundle.paper_keys if now < key.window.exp}
    today = paper_key_for(authority.home, _midnight(authority, now))
    return listed <= there and today is not None and today.kid in listed


def _knows_service_keys(authority: Authority, bundle: TrustBundle) -> bool:
    """Whether a bundle lists the keys that sign for this service: one may have been made since."""
    listed = [(key["kid"], key["typ"]) for key in bundle.service_keys]
    return listed == [(key.thumbprint, key.typ) for key in service_keys(authority.home)]


def _midnight(authority: Authority, now: int) -> int:
    return Calendar(authority.policy.zone).window_at(now).nbf


def _usable_keys(authority: Authority, retired: list[Retired]) -> dict[Cell, KeyFile]:
    files = list_keys(authority.home.pass_keys)
    return by_cell(files, without={entry.id for entry in retired})


def _cells(authority: Authority, now: int, until: int) -> list[Cell]:
    policy = authority.policy
    return wanted_cells(
        policy.calendar,
        statuses=[status.id for status in policy.statuses],
        hint=authority.config.hint,
        now=now,
        until=min(until, authority.sunset),
    )
