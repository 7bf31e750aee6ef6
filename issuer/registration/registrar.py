"""A result becomes an activation code, or stops the passes of the person it is about.

What comes in is not kept: an entitlement-to-be without identity, and keyed hashes.
"""

import os
from dataclasses import dataclass
from datetime import datetime, time
from itertools import count
from zoneinfo import ZoneInfo

from issuer.perishable.store import Locator, Transaction
from issuer.registration.codes import Grant, IssuedCode, issue_code
from issuer.registration.withdrawals import (
    LOST,
    STORED,
    WITHDRAWALS,
    Withdrawn,
    is_lost,
    withdrawal_identifier,
    withdrawn_for,
    withdrawn_until,
)
from issuer.rules.policy import Policy
from issuer.rules.values import FRAUD, Evidence
from schemas.encoding import b64url_encode
from schemas.hints import HintForm, Holder, hint_of_birthday
from schemas.kinds import MINUTE, STORED_KINDS, Kind
from schemas.problems import ApiProblem, Problem
from schemas.references import derive_rid, normalise_reference

RID_BYTES = 32

_NO_HOUR = 0
"""Of the seconds of a day: what is read from a date alone."""


@dataclass(frozen=True, repr=False)
class Registrar:
    """Registers results under one authority's rules."""

    policy: Policy
    hint: HintForm
    reference_key: bytes

    def register(
        self,
        tx: Transaction,
        *,
        evidence: str,
        at: int,
        birthday: str | None,
        reference: str | None,
        now: int,
    ) -> IssuedCode | Withdrawn:
        """Take a result. ``at`` is when the evidence was taken, Unix seconds.

        Raises ApiProblem ``invalid`` for evidence that is unknown, in the future, over, or lacks
        the birthday or reference that it needs; ``already_registered`` for a repetition.
        """
        rule = self.check(evidence=evidence, at=at, reference=reference, now=now)
        holder = None if rule.gives is None else self._holder(birthday)
        rid, row = self.take(tx, evidence=evidence, at=at, reference=reference, now=now)
        if rule.gives is None:
            return self.withdraw(tx, rid=rid, evidence=evidence, at=at, now=now)
        until = self.until(evidence, at)
        return issue_code(tx, Grant(rule.gives, holder, until, rid, row), now)

    def check(self, *, evidence: str, at: int, reference: str | None, now: int) -> Evidence:
        """The rule of evidence that counts at ``now``; raises ApiProblem ``invalid`` otherwise."""
        rule = self.policy.evidence.get(evidence)
        if rule is None or at > now or self.policy.evidence_ends(evidence, at) <= now:
            raise ApiProblem(Problem.INVALID)
        if rule.needs_reference and reference is None:
            raise ApiProblem(Problem.INVALID)
        return rule

    def take(
        self, tx: Transaction, *, evidence: str, at: int, reference: str | None, now: int
    ) -> tuple[str, Locator | None]:
        """Mark a result as registered: whose it is, a rid, and where its row is kept.

        Raises ApiProblem ``already_registered``, also where the same comes once with its hour and
        once without, or with and without seconds. Without a reference nothing is marked.
        """
        rid = self._rid(tx, reference)
        if reference is None:
            return rid, None
        return rid, self._take_row(tx, rid, evidence, at, now)

    def until(self, evidence: str, at: int) -> int:
        """The end of the window in which evidence of ``at`` ends."""
        ends = self.policy.evidence_ends(evidence, at)
        return self.policy.calendar.window_at(ends - 1).exp

    def withdraw(self, tx: Transaction, *, rid: str, evidence: str, at: int, now: int) -> Withdrawn:
        """Stop issuing to ``rid``; a longer withdrawal of the same kind stays in force."""
        until = self.policy.evidence_ends(evidence, at)
        if at > now or until <= now:
            raise ApiProblem(Problem.INVALID)
        identifier = withdrawal_identifier(rid, evidence)
        until = max(until, tx.expiry(Kind.WITHDRAWAL, identifier) or 0)
        tx.put(Kind.WITHDRAWAL, identifier, b"", expires=until)
        return Withdrawn(until)

    def withdraw_reference(
        self, tx: Transaction, *, reference: str, evidence: str, at: int, now: int
    ) -> Withdrawn:
        """:meth:`withdraw` for whoever ``reference`` names."""
        rid = self._rid(tx, reference)
        return self.withdraw(tx, rid=rid, evidence=evidence, at=at, now=now)

    def lift(self, tx: Transaction, *, reference: str, evidence: str) -> int | None:
        """End a withdrawal early; until when another kind still withdraws, or None."""
        rid = self._rid(tx, reference)
        tx.delete(Kind.WITHDRAWAL, withdrawal_identifier(rid, evidence))
        return withdrawn_until(tx, rid)

    def end_lost(self, tx: Transaction, *, reference: str, now: int) -> None:
        """End what the wallets of that person hold, and let a new code be registered for them.

        The entitlements themselves are not known here, but the rid in them is. It is blocked for as
        long as evidence can last, and the person goes on under the next one, with whatever
        withdraws them now. Raises ApiProblem ``invalid`` for no reference.
        """
        rid = self._rid(tx, reference)
        until = {kind: withdrawn_for(tx, rid, kind) for kind in WITHDRAWALS}
        ends = now + STORED.longest
        for mark in (FRAUD, LOST):
            tx.put(Kind.WITHDRAWAL, withdrawal_identifier(rid, mark), b"", expires=ends)
        following = self._rid(tx, reference)
        for kind, end in until.items():
            if end is not None:
                tx.put(Kind.WITHDRAWAL, withdrawal_identifier(following, kind), b"", expires=end)

    def _rid(self, tx: Transaction, reference: str | None) -> str:
        """Random without a reference; else the first of the person's whose phone is not lost."""
        if reference is None:
            return b64url_encode(os.urandom(RID_BYTES))
        try:
            normalised = normalise_reference(reference)
        except ValueError:
            raise ApiProblem(Problem.INVALID) from None
        rids = (
            derive_rid(self.reference_key, normalised, generation=generation)
            for generation in count()
        )
        return next(rid for rid in rids if not is_lost(tx, rid))

    def _holder(self, birthday: str | None) -> Holder:
        try:
            return hint_of_birthday(birthday, self.hint)
        except ValueError:
            raise ApiProblem(Problem.INVALID) from None

    def _take_row(self, tx: Transaction, rid: str, evidence: str, at: int, now: int) -> Locator:
        """Mark a result: the first of its day by the day, each further one by its second."""
        day, second = _local_second(at, self.policy.zone)
        by_day = f"{rid}\0{evidence}\0{day}"
        payload = tx.get(Kind.ROW, by_day.encode())
        first = None if payload is None else int.from_bytes(payload)
        # Without its hour it withdrew for less, so that it may be told again with it.
        is_longer = first == _NO_HOUR != second and self.policy.rule(evidence).withdraws
        is_same = first is not None and _is_same(first, second) and not is_longer
        further = {f"{by_day}\0{second - second % part}".encode() for part in (1, MINUTE)}
        if is_same or any(tx.get(Kind.ROW, identifier) is not None for identifier in further):
            raise ApiProblem(Problem.ALREADY_REGISTERED)
        identifier = by_day if first is None else f"{by_day}\0{second}"
        expires = now + STORED_KINDS[Kind.ROW].period
        return tx.put(Kind.ROW, identifier.encode(), second.to_bytes(3), expires=expires)


def _local_second(at: int, zone: ZoneInfo) -> tuple[str, int]:
    """The day, and how many seconds of it have passed; 0 is how a day without an hour is read."""
    day = datetime.fromtimestamp(at, zone).date()
    return day.isoformat(), at - int(datetime.combine(day, time(), zone).timestamp())


def _is_same(one: int, other: int) -> bool:
    """Whether two seconds of a day can be one time, told with and without its hour or second."""
    if one == other or _NO_HOUR in (one, other):
        return True
    return one // MINUTE == other // MINUTE and 0 in (one % MINUTE, other % MINUTE)
