"""What staff do at the console: results, slips, people, keys, statements, retention, figures."""

import base64
import json
import re
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from hashlib import sha256
from html import unescape
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import zxingcpp
from PIL import Image

from issuer.console import keys
from issuer.console.figures import SMALL
from issuer.issuance import _count
from issuer.keys.keyring import SigningKey
from issuer.keys.roots import sign_statement
from issuer.publication import making
from issuer.publication.root_requests import SigningRequest, carried_in
from issuer.publication.switching import SwitchCost
from issuer.registration.withdrawals import WITHDRAWALS
from issuer.serving import create_all
from issuer.staff import Role
from schemas.activation import parse_activation_url
from schemas.jws import Typ
from schemas.kinds import DAY, HOUR, Kind
from schemas.root_statements import parse_signed
from schemas.trust import TrustState, accept_bundle
from tests.support.asgi import Reply
from tests.support.clerk import Clerk, alert, praise
from tests.support.issuers import NOON, Service
from tests.support.lab_export import make_iin, make_row, write_text
from tests.support.processes import run_real
from tests.support.waiting import wait_until

IIN = make_iin("880317", 12)
PASSPORT = "N 1234567"
REGISTER, WITHDRAW, LOST, KEYS = (
    "/console/register", "/console/withdraw", "/console/lost-phone", "/console/keys"
)  # fmt: skip
STATEMENT = "/console/root-statement"
TODAY = {"date": "2026-03-17", "time": "11:00"}


def register(clerk: Clerk, **fields: str) -> Reply:
    """Fill in the form for a test of this morning; at noon UTC it is 17 o'clock in Almaty."""
    return clerk.send_form(REGISTER, **({"evidence": "pcr_negative", **TODAY} | fields))


def slip_code(seen: Reply) -> str:
    """What the code on the slip's picture opens, with the code in it; the picture is read."""
    found = re.search(r'class="slip" src="data:image/png;base64,([^"]+)"', seen.html)
    assert found, alert(seen)
    [code] = zxingcpp.read_barcodes(Image.open(BytesIO(base64.b64decode(found[1]))))
    return parse_activation_url(code.text).code


def written(issuer: Service) -> bytes:
    """Every byte under the home."""
    return b"".join(path.read_bytes() for path in issuer.home.path.rglob("*") if path.is_file())


def actions(issuer: Service) -> list[str]:
    return [line.action for line in issuer.authority.audit.recent(100)]


# Register


@pytest.mark.parametrize("evidence", ["pcr_negative", "vaccinated_full", "vaccinated_first",
                                      "recovered", "no_record"])  # fmt: skip
def test_each_kind_of_evidence_gives_a_slip_whose_code_activates_a_wallet(
    registrar: Clerk, issuer: Service, evidence: str
) -> None:
    seen = register(registrar, evidence=evidence, iin=IIN)
    assert seen.status == 200
    assert issuer.wallet().activate(slip_code(seen)).status == 200


@pytest.mark.parametrize("evidence", ["positive", "contact"])
def test_evidence_that_withdraws_gives_no_slip_but_says_until_when(
    registrar: Clerk, issuer: Service, evidence: str
) -> None:
    wallet = issuer.activated(reference=IIN)
    seen = register(registrar, evidence=evidence, iin=IIN)
    said = praise(seen)
    assert "No passes are issued to that person before " in said and "March 2026, " in said
    assert wallet.fetch().code == (403, "withdrawn")


def test_who_has_no_iin_is_registered_by_another_number_or_by_none(
    registrar: Clerk, issuer: Service
) -> None:
    assert slip_code(register(registrar, reference=PASSPORT))
    assert slip_code(register(registrar))
    assert register(registrar, evidence="vaccinated_full").status == 400


def test_the_holder_is_told_as_this_authority_does(found: Callable[..., Service]) -> None:
    issuer = found(hint="month")
    clerk = Clerk.of(issuer, Role.REGISTRAR)
    for fields in ({"iin": IIN}, {"month": "3", "day": "17"}):
        wallet = issuer.wallet()
        assert wallet.activate(slip_code(register(clerk, **fields))).status == 200
        assert wallet.claims["holder"] == "03"
    assert register(clerk).status == 400
    for birthday in ("2", "30"), ("3", ""), ("", "3"), ("13", "1"), ("9" * 5000, "1"), ("-1", "1"):
        wrong = register(clerk, month=birthday[0], day=birthday[1])
        assert (wrong.status, "check the IIN" in alert(wrong)) == (400, True)


@pytest.mark.parametrize(
    "fields",
    [
        {"iin": IIN[:-1]},
        {"iin": IIN[:-1] + str((int(IIN[-1]) + 1) % 10)},
        {"iin": "8" * 5000},
        {"iin": "<script>alert(1)</script>"},
        {"evidence": "nonsense"},
        {"evidence": "fraud"},
        {"evidence": ""},
        {"reference": "\0"},
        {"reference": "-"},
        {"reference": "x" * 65},
        {"date": "2026-03-18"},
        {"time": "23:59"},
        {"date": "2026-03-13"},
        {"date": "1969-12-31"},
        {"date": "0001-01-01"},
        {"date": "9999-12-31", "time": "23:59"},
        {"date": "10000-01-01"},
        {"date": "2026-02-30"},
        {"date": "17.03.2026"},
        {"date": ""},
        {"time": ""},
        {"time": "25:00"},
        {"time": "11:00\0"},
    ],
)
def test_what_cannot_be_registered_is_told_in_words_and_leaves_nothing(
    registrar: Clerk, issuer: Service, fields: dict[str, str]
) -> None:
    before = issuer.authority.store.census(issuer.now)
    seen = register(registrar, **fields)
    assert seen.status == 400
    assert "This cannot be registered" in alert(seen)
    assert "<script>alert" not in seen.html
    assert issuer.authority.store.census(issuer.now) == before


def test_after_a_mistake_date_time_and_evidence_stand_as_they_were_typed(registrar: Clerk) -> None:
    seen = register(registrar, evidence="recovered", date="2026-03-02", time="08:15", iin="1")
    assert 'name="date" type="date" required value="2026-03-02"' in seen.html
    assert 'name="time" type="time" required value="08:15"' in seen.html
    assert '<option value="recovered" selected>' in seen.html
    assert 'value="1"' not in re.sub(r'<option value="1"', "", seen.html)


def test_a_result_that_was_registered_is_refused_and_can_be_again_after_its_slip_is_void(
    registrar: Clerk,
) -> None:
    code = slip_code(register(registrar, iin=IIN))
    again = register(registrar, iin=IIN)
    assert again.status == 409
    assert slip_code(register(registrar, iin=IIN, time="11:01"))
    voided = registrar.send_form("/console/cancel", code=f" {code.lower()} ")
    assert "The code is void" in praise(voided)
    assert registrar.send_form("/console/cancel", code=code).status == 404
    assert slip_code(register(registrar, iin=IIN)) != code


def test_a_code_that_was_used_cannot_be_made_void(registrar: Clerk, issuer: Service) -> None:
    code = slip_code(register(registrar))
    issuer.wallet().activate(code)
    assert registrar.send_form("/console/cancel", code=code).status == 409


@pytest.mark.parametrize("code", ["", "x", "\0", "A" * 5000, "<b>", "ABCD-EFGH-JKMN-PQRS"])
def test_whatever_is_no_code_is_refused(registrar: Clerk, code: str) -> None:
    seen = registrar.send_form("/console/cancel", code=code)
    assert seen.status == 404
    assert "<b>" not in seen.html


def test_a_registrar_stops_at_the_cap_of_the_day(registrar: Clerk, issuer: Service) -> None:
    cap = issuer.authority.policy.caps.codes
    account = issuer.authority.staff.accounts()[-1]
    issuer.authority.staff.spend(account, "codes", cap=cap, number=cap - 1, now=issuer.now)  # type: ignore[arg-type]
    assert slip_code(register(registrar))
    assert register(registrar).status == 429


def test_nothing_of_the_person_stands_anywhere_afterwards(
    registrar: Clerk, issuer: Service, capfd: pytest.CaptureFixture[str]
) -> None:
    seen = register(registrar, iin=IIN)
    other = register(registrar, reference=PASSPORT)
    code = slip_code(seen)
    everything = written(issuer) + "".join(capfd.readouterr()).encode()
    for secret in (IIN, "1234567", code, code.replace("-", "")):
        assert secret.encode() not in everything
    for text in (seen.html, other.html, *(str(one.fields) for one in (seen, other))):
        assert IIN not in text
        assert "1234567" not in text
    assert actions(issuer)[:2] == ["register", "register"]


def test_a_form_sent_several_times_at_once_registers_once(
    registrar: Clerk, issuer: Service
) -> None:
    form = registrar.get(REGISTER).form(REGISTER) | {"evidence": "pcr_negative", **TODAY}
    with ThreadPoolExecutor(8) as pool:
        seen = list(pool.map(lambda _: registrar.post(REGISTER, form), range(8)))
    assert sorted(one.status for one in seen) == [200] + [409] * 7
    [codes] = [h.held for h in issuer.authority.store.census(issuer.now) if h.kind is Kind.CODE]
    assert codes == 1


@pytest.mark.parametrize("language", ["kk", "ru", "en"])
def test_the_slip_speaks_the_citizens_language(registrar: Clerk, language: str) -> None:
    seen = register(registrar, slip_language=language)
    assert slip_code(seen)
    assert '<html lang="en">' in seen.html


def test_a_pass_on_paper_is_given_once_and_names_nobody(registrar: Clerk, issuer: Service) -> None:
    form = {"evidence": "pcr_negative", **TODAY, "iin": IIN}
    seen = registrar.send_form("/console/paper", **form)
    assert seen.status in (200, 503), alert(seen)
    assert IIN not in seen.html
    wrong = registrar.send_form("/console/paper", evidence="pcr_negative", **TODAY)
    assert wrong.status == 400


# Withdraw, lift, lost phone


def withdraw(clerk: Clerk, **fields: str) -> Reply:
    """The page that says what will happen."""
    wanted = {"evidence": "positive", "date": "2026-03-17", "reference": IIN} | fields
    return clerk.send_form(WITHDRAW, **wanted)


def hours_in(seen: Reply) -> int:
    found = re.search(r"(\d+) hours", seen.text)
    assert found
    return int(found[1])


@pytest.mark.parametrize("evidence", ["positive", "contact", "fraud"])
def test_what_will_happen_is_said_first_and_done_then(
    officer: Clerk, issuer: Service, evidence: str
) -> None:
    wallet = issuer.activated(reference=IIN)
    asked = withdraw(officer, evidence=evidence)
    assert 0 < hours_in(asked) <= 48
    assert wallet.fetch().status == 200
    done = officer.go_on(asked, WITHDRAW)
    assert "No passes are issued to that person before " in praise(done)
    assert IIN not in done.html
    issuer.clock.now += DAY
    assert wallet.fetch(wallet.batch(issuer.pass_key(wallet))).code == (403, "withdrawn")


def test_a_withdrawal_is_lifted_by_an_officer(officer: Clerk, issuer: Service) -> None:
    wallet = issuer.activated(reference=IIN)
    officer.go_on(withdraw(officer), WITHDRAW)
    officer.go_on(withdraw(officer, evidence="contact"), WITHDRAW)
    lifted = officer.go_on(withdraw(officer, lift="yes", date="2025-01-01"), WITHDRAW)
    assert "March 2026, " in praise(lifted)
    assert wallet.fetch().code == (403, "withdrawn")
    lifted = officer.go_on(withdraw(officer, lift="yes", evidence="contact"), WITHDRAW)
    assert "can be issued to that person again" in praise(lifted)
    assert wallet.fetch().status == 200


def test_a_registrar_neither_withdraws_for_fraud_nor_lifts_by_a_form_made_by_hand(
    registrar: Clerk, officer: Clerk, issuer: Service
) -> None:
    wallet = issuer.activated(reference=IIN)
    assert "fraud" not in registrar.get(WITHDRAW).html
    assert 'name="lift"' not in registrar.get(WITHDRAW).html
    for step in ("ask", "do"):
        assert withdraw(registrar, evidence="fraud", step=step).status == 403
    assert wallet.fetch().status == 200
    officer.go_on(withdraw(officer), WITHDRAW)
    for step in ("ask", "do"):
        assert withdraw(registrar, lift="yes", step=step).status == 403
    assert wallet.fetch(wallet.batch(issuer.pass_key(wallet), label="b")).status == 403


@pytest.mark.parametrize("step", ["ask", "do", "", "nonsense"])
@pytest.mark.parametrize(
    "fields",
    [
        {"evidence": "lost"}, {"evidence": "pcr_negative"}, {"evidence": ""},
        {"reference": ""}, {"reference": "\0"}, {"reference": "<b>" * 40},
        {"date": "2026-03-18"}, {"date": "2025-03-18"}, {"date": "9999-12-31"},
        {"date": "0001-01-01"}, {"date": ""},
    ],
)  # fmt: skip
def test_what_cannot_be_withdrawn_is_refused_before_anything_is_asked(
    officer: Clerk, issuer: Service, fields: dict[str, str], step: str
) -> None:
    before = issuer.authority.store.census(issuer.now)
    seen = withdraw(officer, step=step, **fields)
    assert seen.status == 400
    assert "<b>" not in seen.html
    assert issuer.authority.store.census(issuer.now) == before


def test_all_that_withdraws_is_offered_to_officers(officer: Clerk) -> None:
    page = officer.get(WITHDRAW).html
    assert all(f'<option value="{kind}"' in page for kind in WITHDRAWALS)


def test_after_a_lost_phone_the_old_wallet_gets_nothing_and_a_new_slip_works(
    registrar: Clerk, issuer: Service
) -> None:
    old = issuer.wallet()
    old.activate(slip_code(register(registrar, iin=IIN)))
    asked = registrar.send_form(LOST, reference=IIN)
    assert 0 < hours_in(asked) <= 48
    done = registrar.go_on(asked, LOST)
    assert "register the result again" in praise(done)
    assert IIN not in done.html
    assert old.fetch().code == (403, "withdrawn")
    new = issuer.wallet()
    assert new.activate(slip_code(register(registrar, iin=IIN))).status == 200
    assert new.fetch().status == 200
    assert registrar.send_form(LOST, reference="\0").status == 400
    assert registrar.send_form(LOST, reference="").status == 400


# Keys


def test_a_key_is_retired_after_its_officer_said_yes(officer: Clerk, issuer: Service) -> None:
    page = officer.get(KEYS)
    form = page.form(KEYS)
    asked = officer.post(KEYS, form)
    assert 0 < hours_in(asked) <= 72
    before = issuer.authority.bundle()
    assert form["key"] in page.html
    done = officer.go_on(asked, KEYS)
    assert "The key is retired" in praise(done)
    after = issuer.authority.bundle()
    assert len(after.retired) == len(before.retired) + 1
    assert after.version > before.version


def test_the_officer_reads_first_what_a_retirement_costs(officer: Clerk, issuer: Service) -> None:
    asked = officer.post(KEYS, officer.get(KEYS).form(KEYS))
    assert "only those people look alike whose wallets have fetched new passes" in asked.text
    assert "Only a theft is a reason to retire a key at once." in asked.text


def test_the_officer_reads_how_many_still_look_alike(
    officer: Clerk, monkeypatch: pytest.MonkeyPatch
) -> None:
    cost = SwitchCost(is_quick=True, alike=1_500, soon=250)
    monkeypatch.setattr(keys, "switch_cost", lambda *_given, **_more: cost)
    asked = officer.post(KEYS, officer.get(KEYS).form(KEYS))
    assert "look alike under this key: about 1500. An hour after the switch it is 250" in asked.text


def test_the_officer_is_told_that_a_retirement_waits_for_witnesses(
    officer: Clerk, issuer: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(making, "publish_entered", lambda *_given: False)
    done = officer.go_on(officer.post(KEYS, officer.get(KEYS).form(KEYS)), KEYS)
    assert "The key is retired, but too few witnesses have signed" in praise(done)


@pytest.mark.parametrize("key", ["", "nonsense", "é", "\0", "A" * 43, "../../x"])
def test_a_key_that_nobody_has_is_not_retired(officer: Clerk, issuer: Service, key: str) -> None:
    for step in ("", "do"):
        form = officer.get(KEYS).form(KEYS) | {"key": key, "step": step}
        assert officer.post(KEYS, form).status == 400
    assert "retire" not in actions(issuer)


def test_an_auditor_sees_keys_and_no_button(auditor: Clerk) -> None:
    page = auditor.get(KEYS)
    assert page.status == 200
    assert f'action="{KEYS}"' not in page.html
    assert STATEMENT not in page.html


def test_the_signers_end_is_told_from_ten_days_before(officer: Clerk, issuer: Service) -> None:
    assert alert(officer.get(KEYS)) == ""
    issuer.clock.now += 26 * DAY
    officer.cookies["__Host-qupia"] = Clerk.of(issuer, Role.OFFICER).token
    assert "The signer ends in" in alert(officer.get(KEYS))


def test_the_setup_code_is_that_of_this_authority(auditor: Clerk, issuer: Service) -> None:
    found = re.search(r'class="qr" src="data:image/png;base64,([^"]+)"', auditor.get(KEYS).html)
    assert found
    [code] = zxingcpp.read_barcodes(Image.open(BytesIO(base64.b64decode(found[1]))))
    assert code.text == f"QS1:{issuer.authority.config.url}#{issuer.authority.anchor}"


# A root statement by two officers


@pytest.fixture
def statement(officer: Clerk, issuer: Service, tmp_path: Path) -> str:
    """What the command makes offline of the request that the page gives."""
    seen = officer.send_form(STATEMENT, step="request")
    found = re.search(r'download="request.json" href="data:application/json;base64,([^"]+)"',
                      seen.html)  # fmt: skip
    assert found
    data = base64.b64decode(found[1])
    assert SigningRequest.parse(data).signed.statement.version == 2
    request, made = tmp_path / "request.json", tmp_path / "signed.json"
    request.write_bytes(data)
    root = issuer.home.root_key
    done = run_real("qupia-issuer", "keys", "sign", request, "--root", root, "--out", made)
    assert done.status == 0, done
    return made.read_text()


def digest_on(seen: Reply) -> str:
    found = re.search(r'class="code">([0-9a-f]{64})<', seen.html)
    assert found, alert(seen)
    return found[1]


@pytest.mark.process
def test_two_officers_are_told_that_a_statement_waits_for_witnesses(
    officer: Clerk,
    clerk: Callable[[Role], Clerk],
    monkeypatch: pytest.MonkeyPatch,
    statement: str,
) -> None:
    digest = digest_on(officer.send_form(STATEMENT, step="bring", statement=statement))
    monkeypatch.setattr(making, "publish_entered", lambda *_given: False)
    done = clerk(Role.OFFICER).send_form(STATEMENT, step="agree", digest=digest)
    assert "too few witnesses have signed the bundle of the new signer" in praise(done)


@pytest.mark.process
def test_two_officers_put_a_statement_in_force_and_clients_believe_its_bundle(
    officer: Clerk, clerk: Callable[[Role], Clerk], issuer: Service, statement: str
) -> None:
    pin = TrustState(anchor=issuer.authority.anchor)
    before = issuer.authority.published()
    assert before
    state = accept_bundle(before.data, state=pin, now=NOON).state
    brought = officer.send_form(STATEMENT, step="bring", statement=statement)
    digest = digest_on(brought)
    assert digest == sha256(statement.encode()).hexdigest()
    [root] = issuer.authority.chain.last.roots
    for member in (root, issuer.authority.chain.last.log.text.split("+")[0], "1"):
        assert member in unescape(brought.html)
    second = clerk(Role.OFFICER)
    assert digest_on(second.get(STATEMENT)) == digest
    done = second.send_form(STATEMENT, step="agree", digest=digest)
    assert "The statement is in force" in praise(done)
    published = issuer.authority.published()
    assert published
    after = accept_bundle(published.data, state=state, now=NOON, held=before.data)
    assert after.state.root_version == 2
    assert "Nothing waits" in second.get(STATEMENT).html
    assert {"propose", "agree", "delegate"} <= set(actions(issuer))


@pytest.mark.process
def test_a_statement_that_is_refused_at_the_end_waits_on(
    officer: Clerk, clerk: Callable[[Role], Clerk], issuer: Service, statement: str
) -> None:
    root = SigningKey.load(issuer.home.root_key, Typ.ROOT)
    payload = parse_signed(carried_in(statement.encode())).statement.payload
    again = json.dumps(sign_statement(payload, [root]))
    first, other = (sha256(each.encode()).hexdigest() for each in (statement, again))
    for each in (statement, again):
        officer.send_form(STATEMENT, step="bring", statement=each)
    second = clerk(Role.OFFICER)
    assert "in force" in praise(second.send_form(STATEMENT, step="agree", digest=first))
    refused = second.send_form(STATEMENT, step="agree", digest=other)
    assert "not the next statement" in alert(refused)
    assert digest_on(second.get(STATEMENT)) == other
    assert "gone" in praise(second.send_form(STATEMENT, step="reject", digest=other))


@pytest.mark.process
def test_one_officer_is_not_two(officer: Clerk, issuer: Service, statement: str) -> None:
    digest = digest_on(officer.send_form(STATEMENT, step="bring", statement=statement))
    refused = officer.send_form(STATEMENT, step="agree", digest=digest)
    assert refused.status == 400
    assert "Another officer has to agree" in alert(refused)
    assert issuer.authority.bundle().version == 1 or "delegate" not in actions(issuer)


@pytest.mark.process
def test_what_was_not_proposed_cannot_be_agreed_to(
    officer: Clerk, clerk: Callable[[Role], Clerk], issuer: Service, statement: str
) -> None:
    digest = digest_on(officer.send_form(STATEMENT, step="bring", statement=statement))
    second = clerk(Role.OFFICER)
    for wrong in ("", "0" * 64, "../root-statement", digest[:-1], digest.upper() + "\0"):
        seen = second.send_form(STATEMENT, step="agree", digest=wrong)
        assert "no such proposal" in alert(seen)
    [file] = issuer.home.approvals.glob("[!.]*.json")
    members = json.loads(file.read_bytes())
    members["value"] = members["value"][:-4] + "AAAA"
    file.write_text(json.dumps(members))
    seen = second.send_form(STATEMENT, step="agree", digest=digest)
    assert seen.status == 400
    assert "changed" in alert(seen)


@pytest.mark.process
def test_a_proposal_waits_seven_days_and_can_be_rejected(
    officer: Clerk, clerk: Callable[[Role], Clerk], issuer: Service, statement: str
) -> None:
    digest = digest_on(officer.send_form(STATEMENT, step="bring", statement=statement))
    again = officer.send_form(STATEMENT, step="bring", statement=statement)
    assert "waits already" in alert(again)
    issuer.clock.now += 7 * DAY
    late = Clerk.of(issuer, Role.OFFICER)
    assert "seven days" in alert(late.send_form(STATEMENT, step="agree", digest=digest))
    issuer.clock.now -= 7 * DAY
    second = clerk(Role.OFFICER)
    assert "gone" in praise(second.send_form(STATEMENT, step="reject", digest=digest))
    assert "no such" in alert(second.send_form(STATEMENT, step="agree", digest=digest))


@pytest.mark.parametrize("text", ["", "x", "a.b.c", "é", "<script>alert(1)</script>", "A" * 90_000])
def test_what_is_no_statement_is_refused_in_words(officer: Clerk, text: str) -> None:
    seen = officer.send_form(STATEMENT, step="bring", statement=text)
    assert seen.status == 400
    assert "no root statement" in alert(seen)
    assert "<script>alert" not in seen.html


@pytest.mark.parametrize("step", ["", "nonsense", "__class__"])
def test_an_unknown_step_shows_the_page(officer: Clerk, step: str) -> None:
    assert officer.send_form(STATEMENT, step=step).status == 200


# Retention, figures, audit


@pytest.mark.process
def test_retention_shows_what_is_held_and_verifies_from_the_files(
    officer: Clerk, issuer: Service
) -> None:
    issuer.activated(reference=None)
    assert officer.get("/console/retention").status == 200
    assert praise(officer.send_form("/console/retention")) != ""
    issuer.clock.now += 30 * DAY
    late = Clerk.of(issuer, Role.OFFICER)
    found = late.send_form("/console/retention")
    assert found.status == 200
    assert re.search(r'role="alert"><p>✗ .*?</p><ul><li lang="en">', found.html, re.S)
    assert actions(issuer)[0] == "retention verify"


def test_figures_hide_small_numbers_and_round_up_others(auditor: Clerk, issuer: Service) -> None:
    yesterday = issuer.now - DAY
    with issuer.authority.store.transaction(yesterday) as tx:
        _count(tx, "green", 21, yesterday)
        _count(tx, "blue", SMALL - 1, yesterday)
    page = auditor.get("/console/figures")
    row = re.search(r'<th scope="row">2026-03-16</th>(.*?)</tr>', page.html, re.S)
    assert row
    assert ">50 <meter" in row[1]
    assert "fewer than 10" in row[1]
    assert "21" not in row[1]
    assert "9" not in re.sub(r"<[^>]*>", "", row[1])


def test_the_audit_page_shows_a_whole_chain_and_where_it_is_broken(
    auditor: Clerk, registrar: Clerk, issuer: Service
) -> None:
    for _ in range(3):
        register(registrar)
    assert alert(auditor.get("/console/audit")) == ""
    path = issuer.home.audit
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:1] + lines[2:]))
    assert "broken at line 2" in alert(auditor.get("/console/audit"))
    path.write_bytes(b"".join([lines[0], lines[1].replace(b'"total":1', b'"total":7'), lines[2]]))
    assert "broken at line 2" in alert(auditor.get("/console/audit"))


@pytest.mark.parametrize("role", ["<script>alert(1)</script>", "king", ["a"], None, 7])
def test_the_audit_page_stands_what_a_forger_wrote(
    auditor: Clerk, registrar: Clerk, issuer: Service, role: Any
) -> None:
    from issuer.oversight.audit import AuditLine

    register(registrar)
    [line] = issuer.authority.audit.recent(1)
    forged = AuditLine(**(line.members | {"role": role, "action": "<b>", "n": 9}))
    with issuer.home.audit.open("ab") as file:
        file.write(forged.encode() + b"\n")
    seen = auditor.get("/console/audit")
    assert seen.status == 200
    assert "broken" in alert(seen)
    assert "<script>alert" not in seen.html
    assert "<b>" not in seen.html


def test_names_that_hold_html_are_shown_as_they_are(issuer: Service) -> None:
    name = '<img src=x onerror=alert(1)> & "Co"'
    policy = replace(issuer.authority.policy, passkeys="none")
    key = issuer.authority.staff.add(name, Role.OFFICER, issuer.now)
    app = create_all(replace(issuer.authority, policy=policy), issuer.clock, step=0)
    clerk = Clerk.at(issuer, app)
    assert clerk.sign_in(name, key).status == 303
    clerk.choose()
    page = clerk.get(KEYS)
    assert "<img src=x" not in page.html
    assert name in unescape(page.html)
    reference = "<i>"
    asked = withdraw(clerk, reference=reference)
    assert "<i>" not in asked.html
    assert asked.form(WITHDRAW)["reference"] == reference


def test_a_home_that_cannot_be_written_is_told_without_its_path(
    issuer: Service, registrar: Clerk, capfd: pytest.CaptureFixture[str]
) -> None:
    issuer.home.audit.unlink(missing_ok=True)
    issuer.home.audit.mkdir()
    seen = register(registrar, iin=IIN)
    assert seen.status == 500
    assert str(issuer.home.path) not in seen.html
    assert "could not do that" in alert(seen)
    assert IIN not in "".join(capfd.readouterr())


def test_hours_until_the_last_pass_is_over_never_exceed_two_windows(
    registrar: Clerk, issuer: Service
) -> None:
    for hour in range(0, 24, 5):
        issuer.clock.now = NOON + hour * HOUR
        clerk = Clerk.of(issuer, Role.REGISTRAR, create_all(issuer.authority, issuer.clock, step=0))
        assert 24 <= hours_in(clerk.send_form(LOST, reference=IIN)) <= 48


# A number that looks like an IIN and is none

MISTYPED = IIN[:11] + str((int(IIN[11]) + 1) % 10)


def test_a_mistyped_iin_is_stopped_before_anybody_is_asked(officer: Clerk) -> None:
    seen = withdraw(officer, reference=MISTYPED)
    assert (seen.status, "looks like an IIN and is none" in alert(seen)) == (422, True)


def test_the_number_of_another_document_is_taken_when_somebody_says_so(officer: Clerk) -> None:
    asked = withdraw(officer, reference=MISTYPED, no_iin="yes")
    assert officer.go_on(asked, WITHDRAW).status == 200


def test_a_lost_phone_of_a_mistyped_iin_is_stopped(registrar: Clerk) -> None:
    seen = registrar.send_form("/console/lost-phone", reference=MISTYPED)
    assert seen.status == 422
    asked = registrar.send_form("/console/lost-phone", reference=MISTYPED, no_iin="yes")
    assert registrar.go_on(asked, "/console/lost-phone").status == 200


@pytest.mark.parametrize("path", ["/console/register", "/console/paper"])
def test_a_slip_for_a_mistyped_iin_is_stopped(registrar: Clerk, path: str) -> None:
    fields = {
        "evidence": "vaccinated_full", "date": "2026-03-16", "time": "09:00",
        "month": "3", "day": "17", "reference": MISTYPED,
    }  # fmt: skip
    seen = registrar.send_form(path, **fields)
    assert (seen.status, "looks like an IIN and is none" in alert(seen)) == (422, True)
    assert "looks like an IIN" not in registrar.send_form(path, **fields, no_iin="yes").text


# A dry run


def test_a_dry_run_in_the_console_tells_each_line_and_has_no_codes(
    registrar: Clerk, issuer: Service
) -> None:
    rows = [make_row(1, date="16.03.2026 10:00"), make_row(2, result="?")]
    held = issuer.authority.store.census(issuer.now)
    page = registrar.get("/console/upload")
    fields = page.form("/console/upload") | {"dry_run": "yes"}
    started = upload_form(registrar, fields, write_text(rows))
    seen = settled(registrar, started.header("location"))
    assert "The file was tried. Nothing was registered." in seen.text
    assert "an activation code" in seen.text
    assert "the policy does not know this kind of result" in seen.text
    assert "/codes" not in seen.html
    whole = registrar.get(f"{started.header('location')}/rejected")
    assert whole.body.decode("utf-8-sig").splitlines() == [
        "line,reason,text",
        "3,unknown_kind,the policy does not know this kind of result",
    ]
    assert issuer.authority.store.census(issuer.now) == held


def upload_form(clerk: Clerk, fields: Mapping[str, str], content: str) -> Reply:
    parts = [f'name="{name}"\r\n\r\n{value}' for name, value in fields.items()]
    parts.append(f'name="file"; filename="x.csv"\r\n\r\n{content}')
    head = "--boundary\r\nContent-Disposition: form-data; "
    body = "".join(f"{head}{part}\r\n" for part in parts) + "--boundary--\r\n"
    ours = {"origin": clerk.origin, "content-type": "multipart/form-data; boundary=boundary"}
    return clerk.send("POST", "/console/upload", body.encode(), ours)


def settled(clerk: Clerk, path: str) -> Reply:
    """The page of a job once it has ended."""

    def look() -> Reply | None:
        seen = clerk.get(path)
        return None if "<progress" in seen.html else seen

    found: list[Reply] = []
    wait_until(lambda: found.extend(filter(None, [look()])) or bool(found), "the end of a job")
    return found[-1]


# Pages for everybody


def test_the_first_page_says_what_this_is_and_where_to_go(stranger: Clerk) -> None:
    seen = stranger.get("/")
    assert seen.status == 200
    assert "health-status passes" in seen.text
    for path in ("/transparency", "/console", "/api"):
        assert f'href="{path}"' in seen.html
        assert stranger.follow(stranger.get(path)).status == 200
    assert "<script" not in seen.html


def test_the_first_page_says_when_the_system_has_ended(stranger: Clerk, issuer: Service) -> None:
    issuer.clock.now = issuer.authority.sunset
    assert "The system has ended" in stranger.get("/").text


def test_the_page_of_the_api_holds_every_call_status_and_schema_of_the_document(
    stranger: Clerk,
) -> None:
    document = json.loads(stranger.get("/openapi.json").body)
    seen = stranger.get("/api")
    for path, item in document["paths"].items():
        for method in ("get", "post"):
            if method in item:
                assert f"{method.upper()} {path}" in unescape(seen.html)
    for name in document["components"]["schemas"]:
        assert f'id="{name}"' in seen.html
    assert seen.html.count("<dt>") == sum(
        len(operation["responses"])
        for item in document["paths"].values()
        for operation in item.values()
        if isinstance(operation, dict)
    )
    asked = re.findall(r'(?:src|href)="([^"]*)"', seen.html)
    assert all(one.startswith(("/", "#", "?")) and not one.startswith("//") for one in asked)


def test_a_file_of_another_form_is_told_in_the_readers_language(registrar: Clerk) -> None:
    page = registrar.get("/console/upload?lang=kk")
    started = upload_form(registrar, page.form("/console/upload"), "MSH|^~\\&|LIS|\rPID|1|\r")
    seen = settled(registrar, started.header("location"))
    assert "HL7 v2 хабарламаларына ұқсайды" in seen.text
    assert "/codes" not in seen.html


def test_codes_stay_until_the_registrar_has_them(registrar: Clerk) -> None:
    page = registrar.get("/console/upload")
    rows = [make_row(1, date="16.03.2026 10:00")]
    started = upload_form(registrar, page.form("/console/upload"), write_text(rows))
    path = started.header("location")
    seen = settled(registrar, path)
    first, second = (registrar.get(f"{path}/codes") for _ in range(2))
    assert first.body == second.body and first.body.startswith(b"line,code,")
    assert "attachment" in first.header("content-disposition")
    done = registrar.post(f"{path}/codes", seen.form(f"{path}/codes"))
    assert "deleted from this server" in praise(done)
    assert registrar.get(f"{path}/codes").status == registrar.get(path).status == 404
