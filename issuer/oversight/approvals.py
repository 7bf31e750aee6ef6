"""What two different officers must agree to before it happens.

One proposes a value, another agrees to exactly these bytes within seven days. The digest is the
hexadecimal SHA-256 that ``sha256sum`` prints for the same bytes in a file, so that the second
officer can compare it with what the first one tells.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from pathlib import Path
from typing import Self

from issuer.home import Home
from issuer.oversight.audit import HOME_ACCOUNT, Action, Audit
from issuer.staff import Account, Role, Staff
from schemas.codec import from_json, to_json
from schemas.errors import Refusal
from schemas.kinds import APPROVAL_PERIOD
from shell.errors import CommandError
from shell.files import (
    create_private,
    locked,
    make_private_directory,
    read_private,
    remove_drafts,
)

LARGEST = 256 * 1024
"""Bytes of one value."""


class ApprovalKind(StrEnum):
    """What can be proposed; a name begins the file's name."""

    ROOT_STATEMENT = "root-statement"
    NOTICE = "notice"


MOST_PENDING = {ApprovalKind.ROOT_STATEMENT: 5, ApprovalKind.NOTICE: 20}
"""An outbreak has several venues with several devices each; none of them holds up a statement."""


class ApprovalFault(StrEnum):
    """Why a proposal or an agreement was not taken."""

    NOT_OFFICER = "not_officer"
    SAME_OFFICER = "same_officer"
    PROPOSER_GONE = "proposer_gone"
    UNKNOWN = "unknown"
    CHANGED = "changed"
    EXPIRED = "expired"
    PENDING_ALREADY = "pending_already"
    TOO_MANY = "too_many"
    TOO_LARGE = "too_large"


class ApprovalRefused(Refusal[ApprovalFault]):
    """Nothing has changed."""


@dataclass(frozen=True)
class Pending:
    """A proposal: ``proposer`` is an account's number, 0 for whoever can write to the home.

    ``expires_at`` is in Unix seconds.
    """

    kind: ApprovalKind
    value: bytes
    proposer: int
    expires_at: int

    @property
    def digest(self) -> str:
        return sha256(self.value).hexdigest()

    @property
    def name(self) -> str:
        return f"{self.kind}.{self.digest}.json"

    @classmethod
    def load(cls, path: Path) -> Self:
        """Raises ApprovalRefused ``changed`` for a file that is not what its name says."""
        try:
            found = from_json(cls, read_private(path))
        except ValueError:
            raise ApprovalRefused(ApprovalFault.CHANGED) from None
        if found.name != path.name:
            raise ApprovalRefused(ApprovalFault.CHANGED)
        return found


def propose(
    home: Home, kind: ApprovalKind, value: bytes, account: Account | None, now: int
) -> Pending:
    """Keep a value for another officer to agree to. Raises ApprovalRefused and CommandError.

    ``account`` is None for whoever can write to the home. They count as nobody among officers, so
    they can bring a value, and drop one, and never agree.
    """
    _check_officer(account)
    if len(value) > LARGEST:
        raise ApprovalRefused(ApprovalFault.TOO_LARGE)
    proposer = HOME_ACCOUNT if account is None else account.number
    proposal = Pending(kind, value, proposer, now + APPROVAL_PERIOD)
    with _alone(home):
        _sweep(home, now)
        if (home.approvals / proposal.name).exists():
            raise ApprovalRefused(ApprovalFault.PENDING_ALREADY)
        if len(_files(home, kind)) >= MOST_PENDING[kind]:
            raise ApprovalRefused(ApprovalFault.TOO_MANY)
        Audit.of(home).note(Action.PROPOSE, account, now)
        create_private(home.approvals / proposal.name, to_json(proposal))
    return proposal


def pending(home: Home, kind: ApprovalKind, now: int) -> list[Pending]:
    """What waits for a second officer, the oldest first; damaged files are left out."""
    found = [proposal for path in _files(home) if (proposal := _load_whole(path)) is not None]
    waiting = [entry for entry in found if entry.kind is kind and now < entry.expires_at]
    return sorted(waiting, key=lambda entry: (entry.expires_at, entry.digest))


@contextmanager
def agreeing(
    home: Home, kind: ApprovalKind, digest: str, account: Account, now: int
) -> Iterator[bytes]:
    """The value that two officers have now agreed to, for a block that puts it in force.

    The proposal is gone when the block has ended. Where it raises, or the machine stops, the
    proposal waits on, so what the block does must bear to be done again. Whoever needs the lock of
    making takes it before, as retention does.

    Raises ApprovalRefused for the officer who proposed it, a proposal of somebody who is no officer
    any more, a digest that nothing (any more) has, and a proposal that is over; CommandError when
    that cannot be noted.
    """
    _check_officer(account)
    with _alone(home):
        proposal = _find(home, kind, digest, now)
        if proposal.proposer == account.number:
            raise ApprovalRefused(ApprovalFault.SAME_OFFICER)
        if not _counts(home, proposal.proposer):
            raise ApprovalRefused(ApprovalFault.PROPOSER_GONE)
        Audit.of(home).note(Action.AGREE, account, now)
        yield proposal.value
        (home.approvals / proposal.name).unlink()


def reject(home: Home, kind: ApprovalKind, digest: str, account: Account | None, now: int) -> None:
    """Drop a proposal; any officer may, also its own, and so may whoever can write to the home.

    Raises as :func:`agreeing`, but whoever proposed it.
    """
    _check_officer(account)
    with _alone(home):
        proposal = _find(home, kind, digest, now)
        Audit.of(home).note(Action.REJECT, account, now)
        (home.approvals / proposal.name).unlink()


def sweep_approvals(home: Home, now: int, *, everyone: bool = False) -> int:
    """Remove proposals that are over or damaged, with ``everyone`` all of them; how many."""
    if not home.approvals.is_dir():
        return 0
    with _alone(home):
        remove_drafts(home.approvals)
        return _sweep(home, now, everyone=everyone)


def overdue_approvals(home: Home, due: int) -> int:
    """How many proposals should have gone by ``due`` and are still there; nothing is changed."""
    # One that is agreed to meanwhile is gone, and not damaged.
    return sum(_is_over(path, due) and path.exists() for path in _files(home))


def _sweep(home: Home, now: int, *, everyone: bool = False) -> int:
    over = [path for path in _files(home) if everyone or _is_over(path, now)]
    for path in over:
        path.unlink(missing_ok=True)
    return len(over)


def _check_officer(account: Account | None) -> None:
    if account is not None and account.role is not Role.OFFICER:
        raise ApprovalRefused(ApprovalFault.NOT_OFFICER)


def _counts(home: Home, proposer: int) -> bool:
    """Whether a proposer is still one of the two: numbers of removed accounts never come again."""
    if proposer == HOME_ACCOUNT:
        return True
    accounts = Staff(home.staff).accounts()
    return any(one.number == proposer and one.role is Role.OFFICER for one in accounts)


def _find(home: Home, kind: ApprovalKind, digest: str, now: int) -> Pending:
    """The name is looked up among those that are there: a digest comes from outside."""
    path = next((p for p in _files(home) if p.name == f"{kind}.{digest}.json"), None)
    if path is None:
        raise ApprovalRefused(ApprovalFault.UNKNOWN)
    proposal = Pending.load(path)
    if now >= proposal.expires_at:
        raise ApprovalRefused(ApprovalFault.EXPIRED)
    return proposal


def _files(home: Home, kind: ApprovalKind | None = None) -> list[Path]:
    return sorted(home.approvals.glob(f"{kind}.*.json" if kind else "[!.]*.json"))


def _load_whole(path: Path) -> Pending | None:
    try:
        return Pending.load(path)
    except (ApprovalRefused, CommandError, FileNotFoundError):
        return None


def _is_over(path: Path, now: int) -> bool:
    proposal = _load_whole(path)
    return proposal is None or now >= proposal.expires_at


@contextmanager
def _alone(home: Home) -> Iterator[None]:
    """Two officers who click at once are told one after the other."""
    make_private_directory(home.approvals)
    with locked(home.approvals / ".lock"):
        yield
