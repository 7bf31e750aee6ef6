"""Using a slip: a code or a link, and the question before anything is given up for it."""

from starlette.responses import Response

from schemas.bundle_faults import BundleRejected
from shell.errors import CommandError
from shell.times import local_time
from wallet_sim.fetching.activation import ActivationSlip, activate, check_replaceable, parse_slip
from wallet_sim.fetching.reports import status_name
from wallet_sim.passes.state import Entitlement
from wallet_sim.web.desk import WalletDesk
from wallet_sim.web.fetching import call_issuer, fetch, fetch_later, wait_and_go
from wallet_sim.web.words import TROUBLE

_FIELDS = ("code", "issuer", "root")


def show_start(desk: WalletDesk) -> Response:
    """``GET /p/N/start``: the form, with the authority that this wallet knows already."""
    authority = desk.file.load().authority
    issuer, root = (authority.issuer, authority.trust.anchor) if authority else ("", "")
    return _form(desk, {"code": "", "issuer": issuer, "root": root})


def start(desk: WalletDesk) -> Response:
    """``POST /p/N/start``"""
    if desk.repeated:
        return wait_and_go(desk)
    fields = {name: desk.sent(name) for name in _FIELDS}
    try:
        slip = _slip(fields)
    except CommandError:
        return _form(desk, fields, desk.say("bad_slip"))
    try:
        check_replaceable(desk.file.load(), slip, replacing=bool(desk.sent("replace")))
    except CommandError:
        return _question(desk, fields)
    try:
        entitlement = _activate(desk, slip)
    except TROUBLE as error:
        return _form(desk, fields, _why(desk, error))
    return _welcome(desk, entitlement)


def _slip(fields: dict[str, str]) -> ActivationSlip:
    """A link says all; the other fields are for a code alone. Raises CommandError."""
    is_link = "#" in fields["code"]
    return parse_slip(
        fields["code"],
        issuer=None if is_link else fields["issuer"] or None,
        root=None if is_link else fields["root"] or None,
    )


def _activate(desk: WalletDesk, slip: ActivationSlip) -> Entitlement:
    with call_issuer(desk):
        _, entitlement = activate(desk.connect(slip.issuer), slip).activated()
    desk.house.leave(desk.person)
    return entitlement


def _welcome(desk: WalletDesk, entitlement: Entitlement) -> Response:
    """Fetch passes too, or later; the activation has succeeded, whatever happens then."""
    status, until = status_name(entitlement, desk.language), local_time(entitlement.until)
    desk.room.tell(desk.say("activated", status=status, until=until))
    if desk.sent("later"):
        fetch_later(desk)
    else:
        fetch(desk)
    return desk.go()


def _why(desk: WalletDesk, error: Exception) -> str:
    if isinstance(error, BundleRejected):
        return f"{desk.words(error)} {desk.say('code_not_used')}"
    return desk.words(error)


def _form(desk: WalletDesk, fields: dict[str, str], problem: str = "") -> Response:
    status = 400 if problem else 200
    in_use = desk.file.load().entitlement is not None
    return desk.page("start.html", status=status, problem=problem, in_use=in_use, **fields)


def _question(desk: WalletDesk, fields: dict[str, str]) -> Response:
    _, entitlement = desk.file.load().activated()
    return desk.page(
        "replace.html",
        status=409,
        status_name=status_name(entitlement, desk.language),
        until=local_time(entitlement.until),
        later=desk.sent("later"),
        **fields,
    )
