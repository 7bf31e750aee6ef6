"""The audit: what staff did, in lines of which each names the hash of the one before.

A line is one JSON object with its members in one order, so that no byte of it can change unnoticed:

    {"n": 7, "day": "2026-03-02", "action": "register", "account": 3, "role": "registrar",
     "total": 1, "prev": "…", "hash": "…"}

It has a day and never a time, an account's number and never a name, and nothing about a citizen.
``hash`` is base64url(SHA-256("qupia-audit-v1" || 0x00 || the line without ``hash``)), ``prev`` that
of the line before, empty in the first. Lines over a year old go; one line then keeps the number
and the hash of the last of them, which holds the rest: ``{"anchor": 6, "hash": "…"}``.

Whoever can write the file can write all of it anew. An auditor who keeps the hash of the last line
(:class:`AuditFindings`, ``head``) elsewhere finds that out, and lines cut off at the end.
"""

import errno
import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from pathlib import Path
from typing import IO, Any, Self

from issuer.home import Home
from issuer.staff import Account
from schemas.encoding import b64url_encode, format_time
from schemas.kinds import DAY, LOG_PERIOD
from shell.errors import CommandError
from shell.files import PRIVATE_FILE, check_private, locked, sync_directory

HOME_ACCOUNT = 0
HOME_ROLE = "home"
"""The number and the role of whoever can write to the home; accounts are numbered from 1."""

LONGEST_LINE = 1024
"""Bytes; no line of ours comes near."""

_DOMAIN = b"qupia-audit-v1\0"


class Action(StrEnum):
    """Everything that can stand in a line: a closed list, so that nothing else slips in."""

    REGISTER = "register"
    CANCEL = "cancel"
    WITHDRAW = "withdraw"
    LIFT = "lift"
    INTAKE = "intake"
    UPLOAD = "upload"
    LOST_PHONE = "lost phone"
    PAPER = "paper"
    RETIRE = "retire"
    SIGNING_REQUEST = "signing request"
    DELEGATE = "delegate"
    RETENTION_VERIFY = "retention verify"
    STAFF_ADD = "staff add"
    STAFF_REMOVE = "staff remove"
    STAFF_RESET = "staff reset"
    STAFF_PASSKEY = "staff passkey"
    SIGN_IN = "sign in"
    PASSWORD = "password"  # noqa: S105 - the name of an action.
    PASSKEY = "passkey"
    PROPOSE = "propose"
    AGREE = "agree"
    REJECT = "reject"
    NOTICE_PUBLISH = "notice publish"
    NOTICE_WITHDRAW = "notice withdraw"
    TORN = "torn line removed"


@dataclass(frozen=True)
class AuditLine:
    """One action. ``day`` is a UTC date; ``account`` is 0 for whoever can write to the home."""

    n: int
    day: str
    action: str
    account: int
    role: str
    total: int
    prev: str

    @property
    def members(self) -> dict[str, Any]:
        return dict(self.__dict__)

    @property
    def hash(self) -> str:
        return b64url_encode(sha256(_DOMAIN + _encode(self.members)).digest())

    def encode(self) -> bytes:
        return _encode(self.members | {"hash": self.hash})


@dataclass(frozen=True)
class Place:
    """Where the chain stands after a line: its number and its hash."""

    n: int = 0
    hash: str = ""

    def encode(self) -> bytes:
        return _encode({"anchor": self.n, "hash": self.hash})


class AuditFault(StrEnum):
    """What is wrong with the first bad line."""

    CHANGED = "changed"
    MISSING = "missing"
    REORDERED = "reordered"
    OTHER_HEAD = "other_head"


@dataclass(frozen=True)
class AuditFindings:
    """What :meth:`Audit.verify` found.

    ``lines`` were right, ``head`` is the hash of the last of them. ``bad`` is the number that the
    first bad line has or should have. ``torn`` says that the file ends with the beginning of the
    next line, as a crash leaves it; what it was to say did not happen, and that line heals it.
    """

    lines: int
    head: str
    fault: AuditFault | None = None
    bad: int | None = None
    torn: bool = False

    @property
    def ok(self) -> bool:
        return self.fault is None


@dataclass(frozen=True)
class Audit:
    """The lines in one file. Several processes may add to it."""

    path: Path
    lock: Path

    @classmethod
    def of(cls, home: Home) -> Self:
        return cls(home.audit, home.audit_lock)

    def note(self, action: Action, account: Account | None, now: int, *, total: int = 1) -> None:
        """Add a line, and return once it is on the disk.

        ``account`` is None for whoever can write to the home. Raises CommandError when the file
        cannot be written or its last line is damaged; it is then as it was.
        """
        number, role = (
            (account.number, account.role.value) if account else (HOME_ACCOUNT, HOME_ROLE)
        )
        self._append([(format_time(now)[:10], action, number, role, total)])

    def take_over(self, actions: Iterable[tuple[int, str, int, str, int]]) -> None:
        """Add what an older layout counted: days since 1970, action, account, role, total."""
        lines = [(_date(day), *others) for day, *others in actions]
        if lines:
            self._append(lines)

    def recent(self, limit: int) -> list[AuditLine]:
        """The last lines, the newest first, as they stand: nothing is verified."""
        if not self.path.exists():
            return []
        with self.path.open("rb") as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - limit * LONGEST_LINE))
            found = [_parse(raw) for raw in file.read().split(b"\n")]
        return [line for line in reversed(found) if isinstance(line, AuditLine)][:limit]

    def verify(self, head: str | None = None) -> AuditFindings:
        """Whether every line is the one that was written, in its place.

        With ``head``, also whether the line of that hash is (still) among them. Raises CommandError
        for a file that others can read.
        """
        if not self.path.exists():
            return _with_head(AuditFindings(0, ""), head, found=False)
        check_private(self.path)
        with self.path.open("rb") as file:
            return _verify(file, head)

    def purge(self, now: int) -> int:
        """Remove the lines that are over a year old; how many. Raises CommandError.

        A line of a day to come was written under a wrong clock. It goes with the first line after
        it that is over a year old, so that it does not keep all that follows.
        """
        oldest, today = format_time(now - LOG_PERIOD)[:10], format_time(now)[:10]
        if not self.path.exists():
            return 0
        with self._told(), locked(self.lock), self.path.open("rb") as file:
            place, count, kept, passed = Place(), 0, 0, 0
            while raw := file.readline(LONGEST_LINE):
                entry = _parse(raw.removesuffix(b"\n"))
                if isinstance(entry, AuditLine):
                    if oldest <= entry.day <= today:
                        break
                    passed += 1
                    if entry.day > today:
                        continue
                elif not isinstance(entry, Place):
                    break  # Damaged: verify says so, and nothing from here on is touched.
                place, count, kept = _place_after(entry), passed, file.tell()
            if count:
                file.seek(kept)
                _replace(self.path, place, file)
        return count

    def _append(self, lines: list[tuple[Any, ...]]) -> None:
        with self._told(), locked(self.lock):
            descriptor = os.open(
                self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, PRIVATE_FILE
            )
            try:
                _add(descriptor, self._healed(descriptor), lines)
            finally:
                os.close(descriptor)

    def _healed(self, descriptor: int) -> tuple[int, Place, bool]:
        """The size up to the last whole line, its place, and whether a torn one follows it."""
        size = os.fstat(descriptor).st_size
        tail = os.pread(descriptor, 2 * LONGEST_LINE, max(0, size - 2 * LONGEST_LINE))
        whole, newline, torn = tail.rpartition(b"\n")
        last = _parse(whole.rpartition(b"\n")[2]) if newline else Place()
        if last is None or not _is_torn(torn, _place_after(last)):
            raise self._damaged()
        return size - len(torn), _place_after(last), bool(torn)

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise CommandError(
                f"{self.path} cannot be written: {error.strerror}; check the disk"
            ) from None

    def _damaged(self) -> CommandError:
        return CommandError(
            f"{self.path} is damaged; see: qupia-issuer audit verify; "
            "restore it from a backup, or move it away"
        )


def _add(descriptor: int, end: tuple[int, Place, bool], lines: list[tuple[Any, ...]]) -> None:
    """Write lines after ``end``; where that fails the file is as it was."""
    size, place, torn = end
    if torn:
        lines = [(lines[0][0], Action.TORN, HOME_ACCOUNT, HOME_ROLE, 1), *lines]
    data = bytearray()
    for day, action, account, role, total in lines:
        line = AuditLine(place.n + 1, day, str(action), account, role, total, place.hash)
        data += line.encode() + b"\n"
        place = _place_after(line)
    if torn:
        os.ftruncate(descriptor, size)
    try:
        if os.write(descriptor, data) != len(data):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        os.fsync(descriptor)
    except OSError:
        os.ftruncate(descriptor, size)
        raise


def _replace(path: Path, place: Place, rest: IO[bytes]) -> None:
    """Put the anchor and the rest of an open file in its place, in one step."""
    draft = path.with_name(f".{path.name}.{os.getpid()}.draft")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, PRIVATE_FILE)
    with os.fdopen(descriptor, "wb") as file:
        file.write(place.encode() + b"\n")
        while part := rest.read(1 << 20):
            file.write(part)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    sync_directory(path.parent)


def _verify(file: IO[bytes], head: str | None) -> AuditFindings:
    place, count, found, first = Place(), 0, False, True
    while raw := file.readline(LONGEST_LINE):
        if not raw.endswith(b"\n") and _is_torn(raw, place) and not file.read(1):
            return _with_head(AuditFindings(count, place.hash, torn=True), head, found=found)
        entry = _parse(raw.removesuffix(b"\n"))
        if isinstance(entry, Place) and first:
            place = entry
        elif isinstance(entry, AuditLine) and (entry.n, entry.prev) == (place.n + 1, place.hash):
            place, count = _place_after(entry), count + 1
        else:
            return AuditFindings(count, place.hash, _fault(entry, place, file), place.n + 1)
        found, first = found or place.hash == head, False
    return _with_head(AuditFindings(count, place.hash), head, found=found)


def _fault(entry: "AuditLine | Place | None", place: Place, rest: Iterable[bytes]) -> AuditFault:
    """What happened to the line that should follow ``place``, where ``entry`` stands instead."""
    wanted = place.n + 1
    if not isinstance(entry, AuditLine) or entry.n == wanted:
        return AuditFault.CHANGED
    if entry.n < wanted:
        return AuditFault.REORDERED
    later = (_parse(raw.removesuffix(b"\n")) for raw in rest)
    if any(isinstance(line, AuditLine) and line.n == wanted for line in later):
        return AuditFault.REORDERED
    return AuditFault.MISSING


def _with_head(verdict: AuditFindings, head: str | None, *, found: bool) -> AuditFindings:
    if head is None or found:
        return verdict
    return AuditFindings(verdict.lines, verdict.head, AuditFault.OTHER_HEAD, None, verdict.torn)


def _place_after(entry: "AuditLine | Place") -> Place:
    return entry if isinstance(entry, Place) else Place(entry.n, entry.hash)


def _is_torn(raw: bytes, place: Place) -> bool:
    """Whether a crash can have left this of the line after ``place``: its beginning, or nothing."""
    beginning = b'{"n":%d,"day":"' % (place.n + 1)
    begins = beginning.startswith(raw[: len(beginning)])
    return begins and raw.isascii() and len(raw) < LONGEST_LINE


def _parse(raw: bytes) -> "AuditLine | Place | None":
    """A line or an anchor exactly as it was written; None for anything else."""
    try:
        members = json.loads(raw)
        if "anchor" in members:
            entry: AuditLine | Place = Place(members["anchor"], members["hash"])
        else:
            members.pop("hash")
            entry = AuditLine(**members)
        # Numbers are compared later, so a line in which one is a text is no line.
        whole = type(entry.n) is int and isinstance(entry.hash, str) and entry.encode() == raw
        return entry if whole else None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def _encode(members: dict[str, Any]) -> bytes:
    return json.dumps(members, separators=(",", ":")).encode("ascii")


def _date(day: int) -> str:
    return format_time(day * DAY)[:10]
