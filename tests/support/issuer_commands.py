"""What is typed at an issuer's home again and again."""

from pathlib import Path

from schemas.encoding import format_time
from schemas.kinds import HOUR
from tests.support.commands import Outcome, Run
from tests.support.issuers import NOON, Service
from tests.support.lab_export import make_iin

AN_HOUR_AGO = format_time(NOON - HOUR)
PERSON = make_iin("880317", 1)
"""An IIN as a reference."""


def register(at_home: Run, *more: str, given: str = PERSON + "\n") -> Outcome:
    """Register a negative test of an hour ago, of one person."""
    arguments = ["--evidence", "pcr_negative", "--at", AN_HOUR_AGO, "--reference", "-", *more]
    return at_home("register", *arguments, given=given)


def root_of(issuer: Service) -> Path:
    """Where the root key was taken."""
    return issuer.home.path.with_name("ROOT.pem")
