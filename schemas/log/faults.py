"""Why a proof that something is in a log is not accepted: a closed list."""

from enum import StrEnum

from schemas.errors import Refusal


class LogFault(StrEnum):
    """What is wrong: the proof itself, or the cosignatures on its checkpoint."""

    NOT_IN_LOG = "not_in_log"
    NOT_COSIGNED = "not_cosigned"


class LogRejected(Refusal[LogFault]):
    """A proof was not accepted. Who asked for it tells people so."""
