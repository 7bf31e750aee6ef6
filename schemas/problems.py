"""Why the issuer's API refuses: a closed list of codes (RFC 9457).

The codes are docs/formats.md, "The issuer's API".
"""

from enum import StrEnum

from schemas.errors import Refusal


class Problem(StrEnum):
    INVALID = "invalid"
    BAD_DPOP = "bad_dpop"
    NOT_ALLOWED = "not_allowed"
    WITHDRAWN = "withdrawn"
    ENDED = "ended"
    ENTITLEMENT_EXPIRED = "entitlement_expired"
    CODE_UNKNOWN = "code_unknown"
    NOT_FOUND = "not_found"
    CODE_USED = "code_used"
    BATCH_ALREADY_ISSUED = "batch_already_issued"
    ALREADY_REGISTERED = "already_registered"
    SUNSET = "sunset"
    TOO_LARGE = "too_large"
    WRONG_KEY = "wrong_key"
    BAD_BATCH = "bad_batch"
    NOT_AN_IIN = "not_an_iin"
    TOO_MANY = "too_many"
    NOT_READY = "not_ready"
    FAILED = "failed"


STATUS: dict[Problem, int] = {
    Problem.INVALID: 400,
    Problem.BAD_DPOP: 401,
    Problem.NOT_ALLOWED: 401,
    Problem.WITHDRAWN: 403,
    Problem.ENDED: 403,
    Problem.ENTITLEMENT_EXPIRED: 403,
    Problem.CODE_UNKNOWN: 404,
    Problem.NOT_FOUND: 404,
    Problem.CODE_USED: 409,
    Problem.BATCH_ALREADY_ISSUED: 409,
    Problem.ALREADY_REGISTERED: 409,
    Problem.SUNSET: 410,
    Problem.TOO_LARGE: 413,
    Problem.WRONG_KEY: 422,
    Problem.BAD_BATCH: 422,
    Problem.NOT_AN_IIN: 422,
    Problem.TOO_MANY: 429,
    Problem.NOT_READY: 503,
    Problem.FAILED: 500,
}

NOT_ALLOWED_FOR_ROLE = 403
"""The status of NOT_ALLOWED when the key is right and its role is not."""


class ApiProblem(Refusal[Problem]):
    """The issuer's answer is one code of the closed list and its HTTP status.

    Its texts are for the person who holds the wallet or the registrar's key.
    """

    kind = "problem"

    def __init__(self, fault: Problem, *, status: int | None = None) -> None:
        super().__init__(fault)
        self.status = status or STATUS[fault]
