"""The report of an export: what is urgent first, in words of the file's form."""

import re

import pytest

from issuer.intake.job_files import Job, Phase, new_job
from issuer.intake.rows import RejectReason
from issuer.staff import Role
from schemas.languages import Language
from tests.support.clerk import Clerk
from tests.support.issuers import Service

EACH = pytest.mark.parametrize("language", Language)


def report(issuer: Service, language: Language, **members: object) -> str:
    """The page of a job that has ended so."""
    clerk = Clerk.of(issuer, Role.REGISTRAR)
    account = issuer.authority.staff.accounts()[-1]
    files = new_job(issuer.home)
    job = Job(account=account.number, expires_at=issuer.now + 60, phase=Phase.DONE, **members)
    files.save(job)
    return clerk.get(f"/console/uploads/{files.id}", accept_language=language).html


def rows(html: str) -> list[tuple[str, str]]:
    """Line and reason of each row of the table, without the marks in it."""
    found = re.findall(r'<tr><td class="number">(\d+)</td><td>(.*?)</td></tr>', html)
    return [(line, re.sub(r"<.*?>", "", reason)) for line, reason in found]


@EACH
@pytest.mark.parametrize("is_fhir", [False, True])
def test_every_reason_has_words_of_its_own(
    issuer: Service, language: Language, is_fhir: bool
) -> None:
    rejected = tuple((line, reason.value) for line, reason in enumerate(RejectReason, 1))
    told = rows(report(issuer, language, rejected=rejected, is_fhir=is_fhir))
    assert len({reason for _, reason in told}) == len(RejectReason)
    assert not [reason for _, reason in told if "reject_" in reason]


def test_a_fhir_file_is_spoken_of_as_one(issuer: Service) -> None:
    rejected = ((2, "missing_columns"),)
    [table] = rows(report(issuer, Language.EN, rejected=rejected))
    [fhir] = rows(report(issuer, Language.EN, rejected=rejected, is_fhir=True))
    assert ("cells" in table[1], "cells" in fhir[1]) == (True, False)


def test_resources_that_are_no_results_are_one_line(issuer: Service) -> None:
    html = report(issuer, Language.EN, rows=3, codes=3, others=812)
    assert html.count("812") == 1
    assert "No results" not in report(issuer, Language.EN, rows=3, codes=3)


def test_no_positive_result_is_hidden_behind_a_number(issuer: Service) -> None:
    rejected = tuple((line, "bad_iin") for line in range(1, 2001))
    html = report(issuer, Language.EN, rejected=rejected, positive=1500)
    told = rows(html)
    assert len(told) == 1500
    assert all(reason.startswith("Positive or contact: ") for _, reason in told)
    assert "and 500 more" in html
    assert "among the rejected: 1500" in html
    html = report(issuer, Language.EN, rejected=rejected, positive=1)
    assert [reason.startswith("Positive") for _, reason in rows(html)] == [True] + [False] * 999
