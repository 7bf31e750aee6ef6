"""From a slip to an entitlement: what a code needs, and the one call that uses it up.

The account key is stored with the code before the code is first sent. When the answer is lost,
the same key asks again, and the issuer gives the same entitlement
(docs/formats.md, "From a slip to an entitlement").
"""

import re
from dataclasses import dataclass, replace

from schemas.activation import format_code, parse_activation_url, parse_code
from schemas.bundle_faults import BundleRejected
from schemas.encoding import parse_body_time
from schemas.origins import parse_origin
from schemas.problems import ApiProblem, Problem
from schemas.trust import TrustState, leads_to
from shell.errors import CommandError
from wallet_sim.fetching.session import Session
from wallet_sim.fetching.trust import Trusted, check_entitlement, name_of
from wallet_sim.passes.account import new_private_key
from wallet_sim.passes.state import Activating, Entitlement, PinnedAuthority, Wallet

ENTITLEMENTS_PATH = "/v1/entitlements"

_FINAL = (Problem.CODE_UNKNOWN, Problem.CODE_USED, Problem.SUNSET)
"""Refusals after which the same code can never be used from here."""

_THUMBPRINT = re.compile(r"[A-Za-z0-9_-]{43}\Z")


@dataclass(frozen=True, repr=False)
class ActivationSlip:
    """What a person was given: the issuer's origin, the root to pin and the secret code."""

    issuer: str
    root: str
    code: str


def parse_slip(text: str, *, issuer: str | None, root: str | None) -> ActivationSlip:
    """A code, which needs ``issuer`` and ``root``, or an activation URL, which carries both.

    Raises CommandError; its message never holds the code.
    """
    try:
        if "#" in text:
            link = parse_activation_url(text)
            slip = ActivationSlip(parse_origin(link.issuer), link.root, link.code)
            _check_agrees(slip, issuer, root)
        else:
            slip = _slip_of_code(text, issuer, root)
    except ValueError as error:
        raise CommandError(str(error)) from None
    if not _THUMBPRINT.match(slip.root):
        raise CommandError("a root thumbprint has 43 characters; copy it from the slip")
    return slip


def check_replaceable(wallet: Wallet, slip: ActivationSlip, *, replacing: bool) -> None:
    """Raise CommandError where an entitlement would be lost that nobody has given up.

    Whoever waits for an answer to this very code has agreed already.
    """
    if wallet.entitlement is not None and not replacing and _waiting(wallet, slip) is None:
        raise CommandError(
            "this wallet is in use; add --replace to give up what it holds for the new code",
            exit_code=1,
        )


def activate(session: Session, slip: ActivationSlip) -> Wallet:
    """The wallet with the entitlement of ``slip``, and nothing left of any before.

    The trust bundle is verified first, so that a wrong root costs no code. Raises ApiProblem,
    BundleRejected or CommandError.
    """
    session.client.check_clock()
    trusted = session.fetch_bundle(_authority(session, slip))
    now = session.clock.now()
    activating = session.file.transact(lambda wallet: _begin(wallet, slip, now))
    entitlement = _ask(session, activating, trusted)
    return session.file.update(lambda wallet: _complete(wallet, trusted, entitlement))


def _check_agrees(slip: ActivationSlip, issuer: str | None, root: str | None) -> None:
    if issuer is not None and parse_origin(issuer) != slip.issuer:
        raise CommandError("--issuer contradicts the activation link; leave one of them out")
    if root is not None and root != slip.root:
        raise CommandError("--root contradicts the activation link; leave one of them out")


def _slip_of_code(text: str, issuer: str | None, root: str | None) -> ActivationSlip:
    if issuer is None or root is None:
        raise CommandError(
            "a code alone does not say where it is from; "
            "add --issuer URL and --root THUMBPRINT, or give the activation link"
        )
    return ActivationSlip(parse_origin(issuer), root, parse_code(text))


def _authority(session: Session, slip: ActivationSlip) -> PinnedAuthority:
    """What is known of the slip's authority; an anchor that was pinned before keeps its history.

    So does a newer anchor of the same authority, which the pinned one leads to.
    """
    held = session.file.load().authority
    if held is not None and held.issuer == slip.issuer:
        known = held if _is_pinned(held, slip.root) else _renewed(session, held)
        if known is not None and _is_pinned(known, slip.root):
            return known
    return PinnedAuthority(slip.issuer, TrustState(anchor=slip.root))


def _renewed(session: Session, held: PinnedAuthority) -> PinnedAuthority | None:
    """The same with its newest bundle: a slip may be newer than what is held. None if refused."""
    try:
        return session.fetch_bundle(held).authority
    except BundleRejected:
        return None


def _is_pinned(held: PinnedAuthority, anchor: str) -> bool:
    if held.trust.anchor == anchor:
        return True
    try:
        return leads_to(held.bundle.encode("utf-8"), held.trust.anchor, anchor)
    except BundleRejected:
        return False


def _waiting(wallet: Wallet, slip: ActivationSlip) -> Activating | None:
    """The account key that this code was sent with before."""
    code = (slip.issuer, slip.code)
    return next((held for held in wallet.activating if (held.issuer, held.code) == code), None)


def _begin(wallet: Wallet, slip: ActivationSlip, now: int) -> tuple[Wallet, Activating]:
    """The key for this code: the one it was sent with before, or a fresh one."""
    waiting = _waiting(wallet, slip)
    if waiting is not None:
        return wallet, waiting
    activating = Activating(slip.issuer, slip.code, new_private_key(), since=now)
    return replace(wallet, activating=(*wallet.activating, activating)), activating


def _ask(session: Session, activating: Activating, trusted: Trusted) -> Entitlement:
    try:
        answer = session.client.post(
            ENTITLEMENTS_PATH,
            {"code": format_code(activating.code), "pad": ""},
            account_key=activating.account_key,
            schema="entitlement-answer",
        )
    except ApiProblem as problem:
        if problem.fault in _FINAL:
            session.file.update(lambda wallet: _forget(wallet, activating))
        raise
    entitlement = Entitlement(
        token=answer["entitlement"],
        account_key=activating.account_key,
        status=answer["status"],
        name=name_of(answer["status"], trusted.bundle),
        holder=answer["holder"],
        until=_time(answer["until"]),
    )
    check_entitlement(entitlement, trusted.bundle, now=session.clock.now())
    return entitlement


def _forget(wallet: Wallet, activating: Activating) -> Wallet:
    others = tuple(held for held in wallet.activating if held != activating)
    return replace(wallet, activating=others)


def _complete(wallet: Wallet, trusted: Trusted, entitlement: Entitlement) -> Wallet:
    """A wallet with the new entitlement and no passes: none of the old one may outlive it.

    Where another command has completed this very one meanwhile, its passes are of this one.
    """
    if wallet.entitlement and wallet.entitlement.account_key == entitlement.account_key:
        return wallet
    return Wallet(
        authority=trusted.authority,
        entitlement=entitlement,
        clock_offset=wallet.clock_offset,
    )


def _time(text: str) -> int:
    try:
        return parse_body_time(text)
    except ValueError:
        raise CommandError("the issuer gave a time that does not exist; report this") from None
