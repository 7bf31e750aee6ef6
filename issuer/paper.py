"""Passes on paper, for people without a phone (docs/formats.md, "A pass on paper").

A slip is about a class and nobody in it: its JWT is signed once for each beginning, end, status and
birthday, and handed out again to the next one, byte by byte. ECDSA signatures are random, so the
text is kept until it ends; with it nothing about a person is. What is kept of the result is the
mark that it was registered.
"""

from dataclasses import dataclass

from issuer.authority import Authority
from issuer.keys.paper_keys import PaperKeyFile, paper_key_for
from issuer.oversight.audit import Action
from issuer.perishable.store import Transaction
from issuer.registration.withdrawals import withdrawn_until
from issuer.rules.policy import Policy
from issuer.staff import Account, Capped
from schemas.hints import is_birthday
from schemas.jws import parse
from schemas.kinds import Kind
from schemas.paper import LONGEST_PAPER, PaperPass
from schemas.problems import ApiProblem, Problem
from schemas.windows import Calendar, Window


@dataclass(frozen=True, repr=False)
class PaperSlip:
    """What is printed. ``jwt`` is the QR code's text; times are Unix seconds, local midnights.

    ``holder`` is the birthday that an ID must show, ``MM-DD``.
    """

    jwt: str
    nbf: int
    exp: int
    status: str
    holder: str


def issue(
    authority: Authority,
    *,
    evidence: str,
    at: int,
    birthday: str,
    reference: str | None,
    now: int,
    account: Account | None = None,
) -> PaperSlip:
    """Register a result and give a slip for it; ``account`` is None for whoever has the home.

    Raises ApiProblem: ``sunset``; ``invalid`` for evidence that gives no status, is unknown, in the
    future or over, or lacks the birthday or reference that it needs; ``already_registered`` for a
    result that gave a code or a slip before; ``withdrawn``; ``not_ready`` until the key is out;
    ``too_many`` at the account's daily cap.
    """
    if authority.is_over(now):
        raise ApiProblem(Problem.SUNSET)
    authority.spend(account, Capped.CODES, now)
    registrar = authority.registrar
    rule = registrar.check(evidence=evidence, at=at, reference=reference, now=now)
    if rule.gives is None or not is_birthday(birthday):
        raise ApiProblem(Problem.INVALID)
    until = min(registrar.until(evidence, at), authority.sunset)
    window = paper_window(authority.policy, until=until, now=now)
    claimed = PaperPass(authority.config.url, rule.gives, birthday, window)
    key = _key_in_force(authority, window)
    with authority.store.transaction(now) as tx:
        rid, _ = registrar.take(tx, evidence=evidence, at=at, reference=reference, now=now)
        if withdrawn_until(tx, rid) is not None:
            raise ApiProblem(Problem.WITHDRAWN)
        jwt = _signed_once(tx, claimed, key)
        authority.audit.note(Action.PAPER, account, now)
    return PaperSlip(jwt, window.nbf, window.exp, claimed.status, claimed.holder)


def paper_window(policy: Policy, *, until: int, now: int) -> Window:
    """From the last local midnight to the latest one at most 7 days later and not after ``until``.

    Raises ApiProblem ``invalid`` when there is none, which takes windows shorter than a day. Seven
    days over which the clocks go back are an hour too long, so a slip then has six.
    """
    days = Calendar(policy.zone)
    begins = days.window_at(now).nbf
    latest = min(until, begins + LONGEST_PAPER)
    ends = [day.exp for day in days.windows_between(begins, latest) if day.exp <= latest]
    if not ends:
        raise ApiProblem(Problem.INVALID)
    return Window(begins, ends[-1])


def _key_in_force(authority: Authority, window: Window) -> PaperKeyFile:
    """The key of the slip's week, once venues can know it."""
    key = paper_key_for(authority.home, window.nbf)
    if key is None or key.kid not in authority.bundle().paper_by_kid:
        raise ApiProblem(Problem.NOT_READY)
    return key


def _signed_once(tx: Transaction, claimed: PaperPass, key: PaperKeyFile) -> str:
    """The text of that class; signed anew only if it was lost or its key is another now."""
    ends = claimed.window.exp
    identifier = "\0".join(str(claim) for claim in claimed.claims().values()).encode()
    kept = tx.get(Kind.PAPER, identifier, expires=ends)
    if kept is not None and parse(kept.decode("ascii")).unverified_header["kid"] == key.kid:
        return kept.decode("ascii")
    text = key.key.sign(claimed.claims())
    tx.put(Kind.PAPER, identifier, text.encode("ascii"), expires=ends)
    return text
