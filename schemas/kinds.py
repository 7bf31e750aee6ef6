"""The one table of what is kept, by whom and until when.

The perishable store refuses a record of a kind that is not in this table, or one that would live
longer than its kind may. ``docs/data-map.md`` is generated from it.
"""

from dataclasses import dataclass
from enum import StrEnum

MINUTE = 60
HOUR = 60 * MINUTE
DAY = 24 * HOUR

ROUND_TO_TEN_MINUTES = 10 * MINUTE
ROUND_TO_UTC_MIDNIGHT = DAY

LONGEST_EVIDENCE_DAYS = 366
"""No evidence kind in a policy may last longer, so no record of it can."""

GRACE_AFTER_WINDOW = HOUR
"""Pass keys and batch markers outlive their window by this, for answers that were lost."""


TRACING_PERIOD = 14 * DAY
"""Seconds from the beginning of a UTC date to the end of its visits, seeds and notices.

See docs/formats.md, "Seeds and hour keys".
"""


class Kind(StrEnum):
    """The kinds of record in the issuer's perishable store."""

    CODE = "code"
    ACTIVATION = "activation"
    ROW = "row"
    BATCH = "batch"
    WITHDRAWAL = "withdrawal"
    ENDED = "ended"
    COUNT = "count"
    NOTICE = "notice"
    PAPER = "paper"


@dataclass(frozen=True, kw_only=True)
class StoredKind:
    """How the store keeps one kind.

    ``period`` is how long a record of the kind ordinarily lives at most, ``longest`` the bound that
    the store enforces, both in seconds. ``rounding`` is the step to which the visible
    ``expires_at`` is rounded up, in seconds. ``payload`` is the fixed length in bytes to which
    every payload is padded, so that lengths say nothing. ``fixed_expiry`` says that a record's
    name decides when it dies, so that one of the same name can only stand in the same place.
    """

    kind: Kind
    content: str
    dies: str
    period: int
    rounding: int
    payload: int
    longest: int = 0
    fixed_expiry: bool = False

    def __post_init__(self) -> None:
        if not self.longest:
            object.__setattr__(self, "longest", self.period)


STORED_KINDS: dict[Kind, StoredKind] = {
    entry.kind: entry
    for entry in (
        StoredKind(
            kind=Kind.CODE,
            content="keyed hash of an activation code; sealed: status, hint, end of entitlement, "
            "rid, and the keyed hash of its row, so that a cancelled slip frees its result",
            dies="at activation, or after 72 h",
            period=72 * HOUR,
            rounding=ROUND_TO_TEN_MINUTES,
            payload=256,
        ),
        StoredKind(
            kind=Kind.ACTIVATION,
            content="the same code after use, with the wallet key's thumbprint and the chosen "
            "claims, so that a lost answer can be fetched again by the same wallet",
            dies="10 min after activation",
            period=10 * MINUTE,
            rounding=ROUND_TO_TEN_MINUTES,
            payload=256,
        ),
        StoredKind(
            kind=Kind.ROW,
            content="keyed hash of (reference, evidence, day) of a registered result, or of its "
            "time where the day has one; sealed: the second of the day, so that nothing is "
            "registered twice",
            dies="72 h",
            period=72 * HOUR,
            rounding=ROUND_TO_TEN_MINUTES,
            payload=3,
        ),
        StoredKind(
            kind=Kind.BATCH,
            content="keyed hash of (entitlement id, key id); sealed: digest of the blinded batch",
            dies="window end + 1 h",
            period=2 * DAY + 2 * HOUR,  # Current and next window, a 25-hour day among them.
            rounding=ROUND_TO_TEN_MINUTES,
            payload=32,
            fixed_expiry=True,
        ),
        StoredKind(
            kind=Kind.WITHDRAWAL,
            content="keyed hash of a rid and the kind of evidence; a rid whose phone was lost is "
            "marked, too",
            dies="the policy's days, 14 at most (fraud and lost phones: the longest evidence "
            "period); rounding may add a day",
            period=14 * DAY,
            rounding=ROUND_TO_UTC_MIDNIGHT,
            payload=0,
            longest=LONGEST_EVIDENCE_DAYS * DAY,
        ),
        StoredKind(
            kind=Kind.ENDED,
            content="keyed hash of an entitlement id that its owner ended",
            dies="with that entitlement",
            period=(LONGEST_EVIDENCE_DAYS + 1) * DAY,
            rounding=ROUND_TO_UTC_MIDNIGHT,
            payload=0,
            fixed_expiry=True,
        ),
        StoredKind(
            kind=Kind.COUNT,
            content="number of passes per (day, status), shown only rounded",
            dies="14 d",
            period=14 * DAY,
            rounding=ROUND_TO_UTC_MIDNIGHT,
            payload=16,
            fixed_expiry=True,
        ),
        StoredKind(
            kind=Kind.NOTICE,
            content="exposure notices: an hour, and the private keys of a venue and the authority "
            "for it, which are public from then on",
            dies="14 d after the date of its hour began",
            period=TRACING_PERIOD,
            rounding=ROUND_TO_UTC_MIDNIGHT,
            payload=512,
        ),
        StoredKind(
            kind=Kind.PAPER,
            content="keyed hash of a class of slips on paper (beginning, end, status, birthday); "
            "sealed: the text of the slip, the same for everyone in that class",
            dies="end of the slip, 7 d at most",
            period=7 * DAY,
            rounding=ROUND_TO_UTC_MIDNIGHT,
            payload=768,
            fixed_expiry=True,
        ),
    )
}


@dataclass(frozen=True, kw_only=True)
class HeldElsewhere:
    """What is kept outside the issuer's store: by whom, what is in it and when it dies."""

    name: str
    holder: str
    content: str
    dies: str


LOG_PERIOD = 365 * DAY
STAFF_UNUSED_PERIOD = 90 * DAY
SESSION_IDLE = 15 * MINUTE
PASSKEY_LINK = 15 * MINUTE
SESSION_LONGEST = 8 * HOUR
APPROVAL_PERIOD = 7 * DAY

HELD_ELSEWHERE: tuple[HeldElsewhere, ...] = (
    HeldElsewhere(
        name="pass private keys", holder="issuer", content="RSA keys", dies="window end + 1 h"
    ),
    HeldElsewhere(
        name="audit and retention log",
        holder="issuer",
        content="what staff and the retention module did: action, account number, role, day, "
        "totals; never a time, citizen, code or reference. Each line of the audit names the hash "
        "of the one before; the hash of the last one that went stays",
        dies="1 year",
    ),
    HeldElsewhere(
        name="staff accounts",
        holder="issuer",
        content="name of the account, role, profile of its exports, key hash, password hash, day "
        "of its last use, today's counts against the daily caps; its passkeys (id, public key, "
        "count of uses), and the hash and end of a link that makes one",
        dies="removed by an officer; unused for 90 days; the link: used, or 15 min",
    ),
    HeldElsewhere(
        name="staff sessions",
        holder="issuer",
        content="hash of a token, account number, beginning, last use to the minute, whether a "
        "passkey was proven, hashes of the numbers of forms sent; never an address or a device",
        dies="signing out; 15 min without use; 8 h",
    ),
    HeldElsewhere(
        name="pending approvals",
        holder="issuer",
        content="what one officer proposed and another must agree to (a root statement; a "
        "venue's hours, sealed, which open with the tracing seeds alone), the account number; "
        "signers that a root has not named yet",
        dies="agreed to or rejected; 7 days (a signer: 35 days)",
    ),
    HeldElsewhere(
        name="tracing seeds",
        holder="issuer",
        content="32 random bytes for each UTC date, those of the next days among them",
        dies="14 d after that date began",
    ),
    HeldElsewhere(
        name="uploads",
        holder="issuer",
        content="of an export uploaded in the console: activation codes with their lines (and "
        "sample numbers, where the policy names them), numbers "
        "of rejected lines with the reason, how many of them withdraw, the account number; the "
        "export itself in memory only",
        dies="when whoever uploaded says that the codes have arrived; 1 h",
    ),
    HeldElsewhere(
        name="entitlement, passes, device keys",
        holder="wallet",
        content="what the wallet shows, and to whom it may show it",
        dies="end of entitlement or window; a used pass after 5 min, the last one with its window",
    ),
    HeldElsewhere(
        name="times of a wallet",
        holder="wallet",
        content="when it asks next; of which windows it asks for nothing more by itself; to ten "
        "minutes, when passes came, where that was within their own window; to a minute, until "
        "when it asks for nothing because it was shown or checked in; by how many seconds the "
        "proofs of a pass that was shown are late",
        dies="asked; with the window; with the passes; 10 min after it was shown; with the pass",
    ),
    HeldElsewhere(
        name="people of a wallet",
        holder="wallet",
        content="the names that its owner gave to several people on one device",
        dies="removed by the owner",
    ),
    HeldElsewhere(
        name="visits",
        holder="wallet",
        content="for each UTC date, sealed records that its owner cannot open, a multiple of 8, "
        "some of them under keys that nobody has",
        dies="14 d after that date began",
    ),
    HeldElsewhere(
        name="open stay",
        holder="wallet",
        content="when it began, and which sealed records are of its later hours",
        dies="at check-out, or when its third hour ends",
    ),
    HeldElsewhere(
        name="warnings",
        holder="wallet",
        content="hours in which somebody infectious was in the same place; the version of the list "
        "of notices that said so",
        dies="14 d after the date of the hour began; when the notice is withdrawn",
    ),
    HeldElsewhere(
        name="venue seeds",
        holder="verifier",
        content="32 random bytes for each UTC date",
        dies="14 d after that date began",
    ),
    HeldElsewhere(
        name="trust bundle, venue settings",
        holder="verifier",
        content="nothing about visitors; two bundles that contradict each other, if there are any",
        dies="replaced by the next; with the set-up",
    ),
    HeldElsewhere(
        name="seen set",
        holder="verifier",
        content="H(x || y) of passes admitted in the last 3 minutes, in memory only",
        dies="3 min",
    ),
)
