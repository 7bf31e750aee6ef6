"""Hours come into the list of notices, and leave it.

Whoever brings an export is one of the two who must agree; an officer is the other. Whoever can
write to the home may bring one, too, but never publishes alone.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256

from issuer.authority import Authority
from issuer.documents.notice_list import is_list_due, list_payload
from issuer.keys.keyring import SigningKey, load_notices_key
from issuer.keys.tracing import tracing_seeds
from issuer.notices.exports import NoticeFault, NoticeRefused, Proposal, open_proposal
from issuer.oversight.approvals import ApprovalKind, Pending, agreeing, pending, propose
from issuer.oversight.audit import Action
from issuer.perishable.store import Found, Transaction
from issuer.staff import Account
from schemas.hour_keys import KEY_BYTES, public_half
from schemas.hours import date_of, hour_bytes, tracing_ends
from schemas.kinds import Kind
from schemas.notices import MOST_NOTICES, Notice
from shell.errors import CommandError
from shell.files import write_private

KIND = ApprovalKind.NOTICE
NAME_BYTES = 8
_HOUR_BYTES = 4


@dataclass(frozen=True)
class Publication:
    """Hours that were published together; ``name`` is what begins the proposal's digest."""

    name: str
    hours: tuple[int, ...]

    @property
    def ends(self) -> int:
        """When the last of its hours leaves the list, Unix seconds."""
        return last_end(self.hours)


def last_end(hours: tuple[int, ...]) -> int:
    """When notices of these hours are all gone, Unix seconds."""
    return max(tracing_ends(date_of(hour)) for hour in hours)


def hours_of(authority: Authority, proposal: Proposal, now: int) -> tuple[int, ...]:
    """The hours that a proposal would publish now; raises NoticeRefused."""
    return tuple(notice.hour for notice in _open(authority, proposal, now))


def propose_notice(
    authority: Authority, proposal: Proposal, account: Account | None, now: int
) -> Pending:
    """Keep an export for another officer to agree to; ``account`` is None for the home's writer.

    Raises NoticeRefused, also for the same proposal while it is published, and ApprovalRefused.
    """
    value = proposal.encode()
    if any(name == _name(value).hex() for name, _ in _published(authority, now)):
        raise NoticeRefused(NoticeFault.PUBLISHED_ALREADY)
    _check(authority, proposal, now)
    return propose(authority.home, KIND, value, account, now)


def agree_to_notice(authority: Authority, digest: str, account: Account, now: int) -> Publication:
    """An officer agrees to what another brought, and its hours are published at once.

    Raises ApprovalRefused, and NoticeRefused for hours that cannot be published (any more). The
    proposal then waits on, and so it does when the disk is full: it can be agreed to again.
    """
    for waiting in pending(authority.home, KIND, now):
        if waiting.digest == digest:
            _check(authority, Proposal.decode(waiting.value), now)
    with authority.making(), agreeing(authority.home, KIND, digest, account, now) as value:
        return _publish(authority, value, account, now)


def withdraw_notice(authority: Authority, name: str, account: Account | None, now: int) -> int:
    """Take a publication out of the list at once; how many hours it had.

    Those that another publication has, too, stay in the list.

    One officer is enough: a wrong notice frightens people with every minute that it stands, and
    silence takes away nothing that two officers cannot publish again. The audit has it. Raises
    NoticeRefused ``unknown_name``.
    """
    with authority.making():
        with authority.store.transaction(now) as tx:
            places = [r.locator for r in tx.all(Kind.NOTICE) if _decode(r)[0] == name]
            if not places:
                raise NoticeRefused(NoticeFault.UNKNOWN_NAME)
            for place in places:
                tx.delete_at(Kind.NOTICE, place)
            authority.audit.note(Action.NOTICE_WITHDRAW, account, now)
        _make_list(authority, load_notices_key(authority.home), now)
    return len(places)


def publications(authority: Authority, now: int) -> list[Publication]:
    """What is published now, the earliest hour first."""
    hours: defaultdict[str, list[int]] = defaultdict(list)
    for name, notice in _published(authority, now):
        hours[name].append(notice.hour)
    found = [Publication(name, tuple(sorted(numbers))) for name, numbers in hours.items()]
    return sorted(found, key=lambda publication: (publication.hours, publication.name))


def refresh_list(authority: Authority, now: int) -> bool:
    """Make the list anew when it is due; whether it was.

    Only for a caller that holds the lock of making, before the sunset.
    """
    try:
        sunset = authority.sunset
    except CommandError:  # A damaged chain stops what needs a signer, never retention.
        return False
    key = load_notices_key(authority.home)
    held, listed = len(_entries(authority, now)), authority.notices()
    if not is_list_due(listed, kid=key.thumbprint, held=held, sunset=sunset, now=now):
        return False
    _make_list(authority, key, now)
    return True


def _open(authority: Authority, proposal: Proposal, now: int) -> list[Notice]:
    seeds = tracing_seeds(authority.home)
    return open_proposal(proposal, iss=authority.config.url, seeds=seeds, now=now)


def _check(authority: Authority, proposal: Proposal, now: int) -> None:
    """Raise NoticeRefused for what :func:`_publish` would refuse now."""
    notices = _open(authority, proposal, now)
    with authority.store.transaction(now) as tx:
        _check_room(tx, _name(proposal.encode()), notices)


def _check_room(tx: Transaction, name: bytes, notices: list[Notice]) -> None:
    """An hour of several publications counts for each, so the list never has more."""
    new = [one for one in notices if tx.find(Kind.NOTICE, _identifier(name, one)) is None]
    if tx.count(Kind.NOTICE) + len(new) > MOST_NOTICES:
        raise NoticeRefused(NoticeFault.FULL)


def _publish(authority: Authority, value: bytes, account: Account, now: int) -> Publication:
    """Only for a caller that holds the lock of making; done again, it leaves the same records."""
    name = _name(value)
    notices = _open(authority, Proposal.decode(value), now)
    with authority.store.transaction(now) as tx:
        _check_room(tx, name, notices)
        for notice in notices:
            expires = tracing_ends(date_of(notice.hour))
            place = _identifier(name, notice)
            tx.put(Kind.NOTICE, place, _encode(notice, name), expires=expires)
        authority.audit.note(Action.NOTICE_PUBLISH, account, now)
    _make_list(authority, load_notices_key(authority.home), now)
    return Publication(name.hex(), tuple(notice.hour for notice in notices))


def _make_list(authority: Authority, key: SigningKey, now: int) -> None:
    payload = list_payload(
        iss=authority.config.url,
        before=authority.notices(),
        kid=key.thumbprint,
        notices=_entries(authority, now),
        sunset=authority.sunset,
        now=now,
    )
    write_private(authority.home.notices, key.sign(payload).encode("ascii"))


def _published(authority: Authority, now: int) -> Iterator[tuple[str, Notice]]:
    return (_decode(record) for record in authority.store.all(Kind.NOTICE, now))


def _entries(authority: Authority, now: int) -> set[Notice]:
    """An hour at a venue stands in the list once, however many publications have it."""
    return {notice for _, notice in _published(authority, now)}


def _name(value: bytes) -> bytes:
    """What begins the digest of a proposal."""
    return sha256(value).digest()[:NAME_BYTES]


def _identifier(name: bytes, notice: Notice) -> bytes:
    """Under which the store keeps it: each publication has its own, to be withdrawn alone."""
    return name + hour_bytes(notice.hour) + public_half(notice.venue_key)


def _encode(notice: Notice, name: bytes) -> bytes:
    return hour_bytes(notice.hour) + notice.venue_key + notice.authority_key + name


def _decode(record: Found) -> tuple[str, Notice]:
    """The name of the publication, and the notice."""
    keys = record.payload[_HOUR_BYTES:]
    hour = int.from_bytes(record.payload[:_HOUR_BYTES], "big")
    venue, own, name = keys[:KEY_BYTES], keys[KEY_BYTES : 2 * KEY_BYTES], keys[2 * KEY_BYTES :]
    return name.hex(), Notice(hour, venue, own)
