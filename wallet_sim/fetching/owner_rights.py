"""What a citizen can ask of the issuer: to see what it holds, and to end it (promise 7)."""

from typing import Any

from schemas.problems import ApiProblem, Problem
from wallet_sim.fetching.session import Session
from wallet_sim.passes.state import Entitlement

ME_PATH = "/v1/me"
END_PATH = "/v1/me/end"

_OVER = (Problem.ENDED, Problem.ENTITLEMENT_EXPIRED, Problem.SUNSET)
"""Answers that say that nothing will be issued any more, which is what was asked for."""


def ask_what_is_held(session: Session, entitlement: Entitlement) -> list[dict[str, Any]]:
    """What the issuer holds about this wallet: entries of ``what``, ``dies``, ``window_ends``.

    Raises ApiProblem or CommandError.
    """
    answer = _call(session, entitlement, ME_PATH, "me-answer")
    held: list[dict[str, Any]] = answer["held"]
    return held


def end_entitlement(session: Session, entitlement: Entitlement) -> None:
    """Let the issuer issue nothing further. Raises ApiProblem or CommandError."""
    try:
        _call(session, entitlement, END_PATH, "done-answer")
    except ApiProblem as problem:
        if problem.fault not in _OVER:
            raise


def _call(session: Session, entitlement: Entitlement, path: str, schema: str) -> dict[str, Any]:
    return session.client.post(
        path,
        {"entitlement": entitlement.token, "pad": ""},
        account_key=entitlement.account_key,
        schema=schema,
    )
