"""Calls to the issuer: what anyone may fetch, and the API in the name of an account key.

The transport is handed in. An answer is validated before anything is read from it.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from schemas.bundle import BUNDLE_LIMIT
from schemas.jws import parse_json_object
from schemas.log.reading import TILE_BYTES, read_leaves
from schemas.notices import NOTICES_LIMIT
from schemas.paths import HEALTH_PATH, NOTICES_PATH, TRUST_BUNDLE_PATH
from schemas.problems import ApiProblem, Problem
from schemas.validation import matches
from shell.errors import CommandError
from shell.fetching import Answer
from wallet_sim.fetching.clock import CorrectedClock
from wallet_sim.passes.account import dpop_proof

ANSWER_LIMIT = 256_000
"""Bytes; two batches of 64 signatures take a fifth of it."""

_NOT_UNDERSTOOD = "the issuer's answer makes no sense to this wallet; update it, or try again later"

_NO_TIME = "the issuer does not say what time it is; try again later"


class Send(Protocol):
    """One HTTP request; raises CommandError when there is no answer."""

    def __call__(
        self,
        method: str,
        url: str,
        *,
        limit: int,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer: ...


@dataclass(frozen=True)
class Client:
    """One issuer, at ``origin``."""

    origin: str
    send: Send
    clock: CorrectedClock

    def fetch_bundle(self) -> bytes:
        """The trust bundle, not verified; it never corrects the clock.

        Raises ApiProblem, or CommandError when there is no answer.
        """
        return self._get(TRUST_BUNDLE_PATH, BUNDLE_LIMIT)

    def fetch_notices(self) -> bytes:
        """The list of notices, not verified.

        Whole each time, and asked for in the same words by everyone: an ETag of the list before
        would tell wallets apart. Raises ApiProblem, or CommandError when there is no answer.
        """
        return self._get(NOTICES_PATH, NOTICES_LIMIT)

    def fetch_leaves(self, origin_of_log: str, size: int) -> Sequence[bytes]:
        """The leaf hashes of the whole log of ``size`` entries, 32 bytes each, not verified.

        Raises CommandError when they are not all to be had.
        """
        try:
            return read_leaves(origin_of_log, size, self._find_tile)
        except ValueError:
            raise CommandError(
                "the issuer does not show its whole log; try again later", exit_code=2
            ) from None

    def check_clock(self) -> bool:
        """Ask the API for the time; whether the clock was corrected.

        It comes before everything else, so that a wrong clock chooses no windows, and no proof of a
        call carries the device's time. Raises CommandError when there is no answer.
        """
        sent = self.clock.raw()
        answer = self.send("GET", self.origin + HEALTH_PATH, limit=ANSWER_LIMIT)
        return self.clock.learn(answer, sent=sent)

    def post(
        self, path: str, members: Mapping[str, Any], *, account_key: bytes, schema: str
    ) -> dict[str, Any]:
        """Call the API; the answer has the shape of ``schema``.

        After ``bad_dpop`` the issuer is asked for its time, and the same body is sent once more.
        Raises ApiProblem for a refusal, CommandError for no answer or one that makes no sense.
        """
        body = json.dumps(members, separators=(",", ":")).encode("ascii")
        answer = self._call(path, body, account_key, self._issuer_now())
        if _is_bad_dpop(answer):
            self.check_clock()
            answer = self._call(path, body, account_key, self._issuer_now())
        return _read(answer, schema)

    def _get(self, path: str, limit: int) -> bytes:
        answer = self.send("GET", self.origin + path, limit=limit)
        if answer.status != 200:
            raise _problem(answer)
        return answer.body

    def _find_tile(self, path: str) -> bytes | None:
        answer = self.send("GET", self.origin + path, limit=TILE_BYTES)
        return answer.body if answer.status == 200 else None

    def _issuer_now(self) -> int:
        """The issuer's time, never the device's; raises CommandError where it does not say."""
        if self.clock.issuer_now() is None:
            self.check_clock()
        now = self.clock.issuer_now()
        if now is None:
            raise CommandError(_NO_TIME, exit_code=2)
        return now

    def _call(self, path: str, body: bytes, account_key: bytes, now: int) -> Answer:
        url = self.origin + path
        proof = dpop_proof(account_key, method="POST", url=url, body=body, now=now)
        headers = {"Content-Type": "application/json", "DPoP": proof}
        return self.send("POST", url, limit=ANSWER_LIMIT, body=body, headers=headers)


def _read(answer: Answer, schema: str) -> dict[str, Any]:
    if answer.status != 200:
        raise _problem(answer)
    members = _members(answer)
    if not matches(schema, members):
        raise CommandError(_NOT_UNDERSTOOD)
    return members


def _problem(answer: Answer) -> Exception:
    members = _members(answer)
    if not matches("problem", members):
        return CommandError(_NOT_UNDERSTOOD)
    return ApiProblem(Problem(members["code"]), status=answer.status)


def _is_bad_dpop(answer: Answer) -> bool:
    return answer.status == 401 and _members(answer).get("code") == Problem.BAD_DPOP


def _members(answer: Answer) -> dict[str, Any]:
    """The members of an answer; none when it is not a JSON object."""
    try:
        return parse_json_object(answer.body)
    except ValueError:
        return {}
