"""The console's page of notices: two officers publish, one withdraws, and an auditor looks on."""

import json
import re
from collections.abc import Callable

import pytest

from issuer.notices.publishing import KIND, propose_notice, publications
from issuer.oversight.approvals import pending
from issuer.staff import Role
from schemas.catalogues import sentence
from schemas.hours import hour_at, tracing_ends
from schemas.kinds import DAY
from schemas.languages import Language
from tests.support.asgi import Reply
from tests.support.clerk import Clerk, alert, praise
from tests.support.exports import export_of, proposal_of, publish_hours
from tests.support.issuers import NOON, Service

NOTICES = "/console/notices"
THIS = hour_at(NOON)
PAST = range(THIS - 5, THIS)
"""From 7 to 12 o'clock in Almaty."""

MORNING = {
    "from_date": "2026-03-17",
    "from_time": "08:00",
    "to_date": "2026-03-17",
    "to_time": "11:00",
}
SHOWN = "17 March 2026, 08:00 – 11:00"


def bring(clerk: Clerk, file: bytes, **fields: str) -> Reply:
    return clerk.send_form(NOTICES, step="bring", export=file.decode(), **(MORNING | fields))


def digest_on(seen: Reply) -> str:
    [digest] = set(re.findall(r'class="code">([0-9a-f]{64})<', seen.html))
    return digest


def name_on(seen: Reply) -> str:
    [name] = set(re.findall(r'name="name" value="([0-9a-f]{16})"', seen.html))
    return name


def hours_listed(issuer: Service) -> list[int]:
    listed = issuer.authority.notices()
    return [] if listed is None else list(listed.hours)


def test_one_officer_brings_and_another_publishes_what_both_have_seen(
    officer: Clerk, clerk: Callable[[Role], Clerk], issuer: Service
) -> None:
    assert "wait for another officer" in praise(bring(officer, export_of(issuer, PAST)))
    mine = officer.get(NOTICES)
    assert SHOWN in mine.html and "You proposed this" in mine.html
    assert 'value="agree"' not in mine.html
    second = clerk(Role.OFFICER)
    seen = second.get(NOTICES)
    assert SHOWN in seen.html and "Hours: 3" in seen.html
    assert sentence("notice_advice", Language.EN) in seen.html
    assert hours_listed(issuer) == []
    done = second.send_form(NOTICES, step="agree", digest=digest_on(seen))
    assert "Published. Hours: 3." in praise(done)
    assert hours_listed(issuer) == list(PAST[1:4])
    now = officer.get(NOTICES)
    assert SHOWN in now.html and "until 31 March 2026, 05:00" in now.html
    assert "Nothing waits" in now.html


def test_one_officer_is_not_two(officer: Clerk, issuer: Service) -> None:
    bring(officer, export_of(issuer, PAST))
    digest = digest_on(officer.get(NOTICES))
    assert "Another officer has to agree" in alert(
        officer.send_form(NOTICES, step="agree", digest=digest)
    )
    assert hours_listed(issuer) == []


def test_what_an_officer_brought_who_is_gone_can_only_be_rejected(
    officer: Clerk, clerk: Callable[[Role], Clerk], issuer: Service
) -> None:
    bring(officer, export_of(issuer, PAST))
    [gone] = issuer.authority.staff.accounts()
    issuer.authority.staff.remove(gone.name)
    second = clerk(Role.OFFICER)
    digest = digest_on(second.get(NOTICES))
    refused = second.send_form(NOTICES, step="agree", digest=digest)
    assert "no officer any more. Reject it" in alert(refused)
    assert hours_listed(issuer) == []
    assert "gone" in praise(second.send_form(NOTICES, step="reject", digest=digest))


def test_an_officer_agrees_to_what_was_brought_at_the_home(officer: Clerk, issuer: Service) -> None:
    propose_notice(issuer.authority, proposal_of(issuer, PAST), None, NOON)
    digest = digest_on(officer.get(NOTICES))
    assert "Published" in praise(officer.send_form(NOTICES, step="agree", digest=digest))


def test_two_officers_who_agree_at_once_publish_once(
    officer: Clerk, clerk: Callable[[Role], Clerk], issuer: Service
) -> None:
    bring(officer, export_of(issuer, PAST))
    pages = [(one, one.get(NOTICES)) for one in (clerk(Role.OFFICER), clerk(Role.OFFICER))]
    forms = [{**seen.form(NOTICES, 1), "step": "agree"} for _, seen in pages]
    answers = [one.post(NOTICES, form) for (one, _), form in zip(pages, forms, strict=True)]
    assert "Published" in praise(answers[0])
    assert "no such proposal" in alert(answers[1])
    assert len(publications(issuer.authority, NOON)) == 1


def test_a_form_sent_again_from_an_old_page_does_nothing(
    officer: Clerk, clerk: Callable[[Role], Clerk], issuer: Service
) -> None:
    form = officer.get(NOTICES).form(NOTICES, 0)
    sent = form | {"step": "bring", "export": export_of(issuer, PAST).decode()} | MORNING
    assert officer.post(NOTICES, sent).status == 200
    again = officer.post(NOTICES, sent)
    assert (again.status, "sent before" in alert(again)) == (409, True)
    assert len(pending(issuer.home, KIND, NOON)) == 1


def test_a_proposal_is_rejected_by_any_officer(
    officer: Clerk, clerk: Callable[[Role], Clerk], issuer: Service
) -> None:
    bring(officer, export_of(issuer, PAST))
    digest = digest_on(officer.get(NOTICES))
    second = clerk(Role.OFFICER)
    assert "gone" in praise(second.send_form(NOTICES, step="reject", digest=digest))
    assert "no such" in alert(second.send_form(NOTICES, step="agree", digest=digest))


def test_a_notice_is_withdrawn_by_one_officer_who_is_sure(officer: Clerk, issuer: Service) -> None:
    publish_hours(issuer, PAST)
    asked = officer.send_form(NOTICES, step="withdraw", name=name_on(officer.get(NOTICES)))
    assert "leaves the list at once" in asked.html and "Hours: 5" in asked.html
    assert len(hours_listed(issuer)) == 5
    assert "Withdrawn" in praise(officer.go_on(asked, NOTICES))
    assert hours_listed(issuer) == []
    assert "No hours are published" in officer.get(NOTICES).html
    assert issuer.authority.audit.recent(1)[0].action == "notice withdraw"


@pytest.mark.parametrize("step", ["withdraw", "do"])
def test_what_is_not_published_is_not_withdrawn(officer: Clerk, issuer: Service, step: str) -> None:
    seen = officer.send_form(NOTICES, step=step, name="0" * 16)
    assert (seen.status, "any more" in alert(seen)) == (400, True)


def test_an_auditor_sees_and_sends_nothing(auditor: Clerk, issuer: Service) -> None:
    publish_hours(issuer, PAST[:1], venue="other")
    propose_notice(issuer.authority, proposal_of(issuer, PAST), None, NOON)
    seen = auditor.get(NOTICES)
    assert "17 March 2026, 07:00 – 12:00" in seen.html
    assert f'action="{NOTICES}"' not in seen.html


@pytest.mark.parametrize("text", ["", "x", "{}", "é", "<script>alert(1)</script>", "A" * 90_000])
def test_what_is_no_export_is_refused_in_words(officer: Clerk, text: str) -> None:
    seen = bring(officer, text.encode())
    assert seen.status == 400
    assert "Choose the file, or copy all of it" in alert(seen)
    assert "<script>alert" not in seen.html


@pytest.mark.parametrize(
    "fields", [{"from_date": ""}, {"to_time": ""}, {"to_date": "2026-02-30"}, {"from_time": "x"}]
)
def test_times_that_are_none_are_refused_in_words(
    officer: Clerk, issuer: Service, fields: dict[str, str]
) -> None:
    seen = bring(officer, export_of(issuer, PAST), **fields)
    assert (seen.status, "both dates" in alert(seen)) == (400, True)
    kept = {name: value for name, value in (MORNING | fields).items() if value}
    assert all(f'value="{value}"' in seen.html for value in kept.values())


def test_an_export_of_another_authority_or_time_is_refused_in_words(
    officer: Clerk, issuer: Service
) -> None:
    other = export_of(issuer, PAST, iss="https://other.example")
    assert "another authority" in alert(bring(officer, other))
    file = export_of(issuer, PAST)
    assert "no hour in this time" in alert(bring(officer, file, from_time="13:00"))
    cut = json.loads(file) | {"sealed": json.loads(file)["sealed"][:-4]}
    assert "changed or cut short" in alert(bring(officer, json.dumps(cut).encode()))


def test_hours_that_are_not_over_are_named(officer: Clerk, issuer: Service) -> None:
    seen = bring(officer, export_of(issuer, [THIS - 1, THIS]), to_time="13:00")
    assert "not over yet" in alert(seen)
    assert "17 March 2026, 12:00 – 13:00" in alert(seen)


def test_a_proposal_whose_hours_died_says_so_and_can_only_be_rejected(
    clerk: Callable[[Role], Clerk], issuer: Service
) -> None:
    propose_notice(issuer.authority, proposal_of(issuer, [THIS - 24, THIS - 1]), None, NOON)
    (issuer.home.tracing_seeds / "2026-03-16.seed").unlink()
    second = clerk(Role.OFFICER)
    seen = second.get(NOTICES)
    assert "leave the hours out" in alert(seen)
    assert 'value="agree"' not in seen.html and 'value="reject"' in seen.html


def test_a_publication_shows_until_its_last_hour_dies(
    clerk: Callable[[Role], Clerk], issuer: Service
) -> None:
    publish_hours(issuer, [THIS - 24, THIS - 1])
    issuer.clock.now = tracing_ends("2026-03-16")
    seen = clerk(Role.OFFICER).get(NOTICES)
    assert "17 March 2026, 11:00 – 12:00" in seen.html
    assert "16 March 2026, 12:00" not in seen.html
    issuer.clock.now += DAY
    assert "No hours are published" in clerk(Role.OFFICER).get(NOTICES).html


@pytest.mark.parametrize("lang", list(Language))
def test_the_text_stands_in_the_language_of_the_page(
    officer: Clerk, issuer: Service, lang: Language
) -> None:
    propose_notice(issuer.authority, proposal_of(issuer, PAST), None, NOON)
    assert sentence("notice_advice", lang) in officer.get(f"{NOTICES}?lang={lang}").html


def test_what_is_kept_shows_notices(officer: Clerk, issuer: Service) -> None:
    publish_hours(issuer, PAST)
    assert "exposure notices" in officer.get("/console/retention").html
