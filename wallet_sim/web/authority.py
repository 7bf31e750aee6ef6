"""What the authority did that a person should know, and the evidence of it to take away."""

from starlette.responses import JSONResponse, Response

from shell.errors import CommandError
from shell.evidence import evidence_members
from shell.pages import HEADERS
from wallet_sim.passes.state import warnings_read
from wallet_sim.web.desk import WalletDesk

_ATTACHED = {"Content-Disposition": 'attachment; filename="qupia-evidence.json"'}


def contradictions(desk: WalletDesk) -> str:
    """What is said of the bundles that contradict each other; empty where none are kept.

    Evidence that is damaged must not stand between a person and their passes.
    """
    try:
        return desk.say("contradictions") if desk.file.evidence() else ""
    except CommandError as error:
        return desk.words(error)


def save_evidence(desk: WalletDesk) -> Response:
    """``GET /p/N/evidence``: the pairs of bundles, as a file."""
    members = evidence_members(desk.file.evidence())
    return JSONResponse(members, headers={**HEADERS, **_ATTACHED})


def mark_read(desk: WalletDesk) -> Response:
    """``POST /p/N/read``"""
    desk.file.update(warnings_read)
    return desk.go()
