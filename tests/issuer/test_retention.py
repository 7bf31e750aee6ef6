"""Retention: what is over goes, the log shows every day, the statement shows everyone."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from issuer.authority import Authority
from issuer.keys.grid import list_keys
from issuer.keys.keyring import SigningKey, statement_key_path
from issuer.keys.tracing import make_tracing_seeds
from issuer.log.bundles import keep_bundle
from issuer.log.folder import log_numbers
from issuer.log.log import Log
from issuer.oversight.approvals import ApprovalKind, propose
from issuer.perishable.inspection import inspect
from issuer.perishable.store import StoreError
from issuer.publication.making import make_missing_keys, publish
from issuer.retention import (
    last_run,
    overdue,
    read_log,
    round_up,
    run_retention,
    statement_payload,
)
from issuer.staff import Role
from schemas import jws
from schemas.encoding import parse_time
from schemas.hours import date_of, hour_at, tracing_ends
from schemas.jws import Typ
from schemas.kinds import DAY, HOUR, MINUTE, STORED_KINDS, Kind
from schemas.validation import matches
from shell.errors import CommandError
from tests.support.exports import publish_hours
from tests.support.issuers import NOON, Service
from tests.support.statements import begin_with_sunset

MIDNIGHT = (NOON // DAY + 1) * DAY


def run(issuer: Service, *, at: int | None = None) -> dict[str, int]:
    """Let the time come and retention run; what was deleted."""
    issuer.clock.now = issuer.now if at is None else at
    return dict(run_retention(issuer.authority, issuer.now))


def held(issuer: Service) -> dict[str, int]:
    return {entry.kind.value: entry.held for entry in issuer.authority.store.census(issuer.now)}


def statement(issuer: Service) -> dict[str, object]:
    text = issuer.home.statement.read_text()
    key = SigningKey.load(statement_key_path(issuer.home), Typ.RETENTION)
    return jws.verify(jws.parse(text), typ=Typ.RETENTION, key=key.private.public_key())


# Rounding


@given(st.integers(0, 10**12))
def test_a_number_is_rounded_up_to_10_20_50_and_so_on(number: int) -> None:
    shown = round_up(number)
    assert shown >= number
    assert (shown == 0) == (number == 0)
    if number > 10:
        assert shown <= 5 * number // 2
    if shown:
        digits = str(shown)
        assert digits[0] in "125" and set(digits[1:]) == {"0"}


@given(st.integers(-5, 10**6), st.integers(-5, 10**6))
def test_rounding_keeps_the_order(one: int, other: int) -> None:
    assert (round_up(one) <= round_up(other)) or one > other


@pytest.mark.parametrize(
    ("number", "shown"),
    [(-1, 0), (0, 0), (1, 10), (10, 10), (11, 20), (20, 20), (21, 50), (51, 100), (101, 200)],
)
def test_small_numbers_say_no_more_than_that_there_are_some(number: int, shown: int) -> None:
    assert round_up(number) == shown


# The log


def test_a_day_has_one_line_also_when_nothing_was_due(issuer: Service) -> None:
    for hour in range(3):
        run(issuer, at=NOON + hour * HOUR)
    (line,) = read_log(issuer.authority)
    assert (line.day, line.last_run, dict(line.deleted)) == ("2026-03-17", NOON + 2 * HOUR, {})


def test_a_day_on_which_it_did_not_run_shows(issuer: Service) -> None:
    for days in (0, 1, 3):
        run(issuer, at=NOON + days * DAY)
    days = [line.day for line in read_log(issuer.authority)]
    assert days == ["2026-03-17", "2026-03-18", "2026-03-20"]


@pytest.mark.parametrize(
    "line",
    [
        "garbage",
        "[]",
        "{}",
        '{"day": 7, "last_run": "2026-03-17T12:00Z", "deleted": {}}',
        '{"day": "2026-03-17", "last_run": "2026-03-17T12:00Z", "deleted": 3}',
        '{"day": "2026-03-17", "last_run": "2026-03-17T12:00Z", "deleted": {"code": "x"}}',
        '{"day": "2026-03-17", "last_',
    ],
)
def test_a_log_with_a_line_of_another_shape_is_refused_and_left_as_it_is(
    issuer: Service, line: str
) -> None:
    issuer.home.retention_log.write_text(line)
    issuer.home.retention_log.chmod(0o600)
    with pytest.raises(CommandError, match="is damaged; restore it from a backup"):
        run(issuer)
    assert issuer.home.retention_log.read_text() == line


def test_totals_of_a_day_add_up(issuer: Service) -> None:
    for number in (1, 2):
        wallet = issuer.wallet()
        wallet.activate(issuer.code(reference=None))
        issuer.clock.now += 20 * MINUTE
        assert run(issuer) == {"activation": 1}
        (line,) = read_log(issuer.authority)
        assert dict(line.deleted) == {"activation": number}


@pytest.mark.process
def test_what_was_deleted_is_told_by_kind(issuer: Service) -> None:
    issuer.code()
    issuer.activated(reference=None).fetch()
    issuer.authority.staff.add("Lab", Role.REGISTRAR, NOON)
    totals = run(issuer, at=NOON + 100 * DAY)
    assert totals == {
        "code": 1,
        "row": 1,
        "activation": 1,
        "batch": 1,
        "count": 1,
        "pass_keys": 8,
        "paper_keys": 2,
        "tracing_seeds": 5,
        "staff_accounts": 1,
        "logged_bundles": 1,
    }
    assert read_log(issuer.authority)[-1].deleted == totals


def test_lines_are_kept_for_a_year(issuer: Service) -> None:
    run(issuer)
    run(issuer, at=NOON + DAY)
    extended(issuer)
    run(issuer, at=NOON + 365 * DAY)
    assert len(read_log(issuer.authority)) == 3
    run(issuer, at=NOON + 366 * DAY)
    assert [line.day for line in read_log(issuer.authority)] == [
        "2026-03-18",
        "2027-03-17",
        "2027-03-18",
    ]


def extended(issuer: Service) -> None:
    """Let this issuer live long enough to forget its log."""
    begin_with_sunset(issuer, NOON + 500 * DAY)


def test_a_clock_that_was_set_back_leaves_one_line_for_each_day(issuer: Service) -> None:
    run(issuer, at=NOON)
    run(issuer, at=NOON - 2 * DAY)
    run(issuer, at=NOON + HOUR)
    days = [(line.day, line.last_run) for line in read_log(issuer.authority)]
    assert days == [("2026-03-15", NOON - 2 * DAY), ("2026-03-17", NOON + HOUR)]


def test_when_it_last_ran(issuer: Service) -> None:
    assert last_run(issuer.authority) is None
    run(issuer)
    assert last_run(issuer.authority) == NOON


@pytest.mark.parametrize("content", ["x", "{}", "[]", "5", '{"day": 1}', "\xff", "\n\n"])
def test_a_damaged_log_is_one_line(issuer: Service, content: str) -> None:
    run(issuer)
    issuer.home.retention_log.write_text(content, encoding="latin-1")
    with pytest.raises(
        CommandError, match=r"is damaged; restore it from a backup, or move it away$"
    ):
        run(issuer)


@pytest.mark.process
def test_no_line_names_anyone(issuer: Service) -> None:
    wallet = issuer.activated(reference="880317300134")
    wallet.fetch()
    run(issuer, at=NOON + 5 * DAY)
    text = issuer.home.retention_log.read_text() + issuer.home.statement.read_text()
    for secret in ("880317300134", wallet.claims["jti"], wallet.claims["rid"], wallet.account.kid):
        assert secret not in text


# What goes


def test_records_go_when_their_time_is_over(issuer: Service) -> None:
    issuer.code()
    run(issuer, at=NOON + 72 * HOUR - 1)
    assert (held(issuer)["code"], held(issuer)["row"]) == (1, 1)
    assert run(issuer, at=NOON + 72 * HOUR)["code"] == 1
    assert held(issuer)["code"] == 0


def test_pass_keys_go_an_hour_after_their_window(issuer: Service) -> None:
    end = issuer.authority.bundle().windows[0].exp + HOUR
    assert "pass_keys" not in run(issuer, at=end - 1)
    assert run(issuer, at=end)["pass_keys"] == 2


def test_staff_accounts_go_after_90_days_without_use(issuer: Service) -> None:
    key = issuer.staff(Role.REGISTRAR)
    issuer.staff(Role.OFFICER)
    issuer.clock.now = NOON + 80 * DAY
    assert issuer.authority.staff.authenticate(key, issuer.now) is not None
    assert run(issuer, at=NOON + 91 * DAY)["staff_accounts"] == 1
    assert [account.role for account in issuer.authority.staff.accounts()] == [Role.REGISTRAR]


@pytest.mark.process
def test_nothing_of_a_day_is_found_after_it(issuer: Service) -> None:
    wallet = issuer.activated(reference="880317300134")
    wallet.fetch()
    run(issuer, at=NOON + 20 * DAY)
    assert inspect(issuer.home.perishable, issuer.now) == []
    assert set(held(issuer).values()) == {0}
    assert run(issuer) == {}


@pytest.fixture
def traced(issuer: Service) -> Service:
    """An issuer whose list of notices has hours of two dates; the time is that of the first's end.

    An account has not been used for so long that it goes, too.
    """
    issuer.staff(Role.REGISTRAR)
    issuer.clock.now = NOON + 80 * DAY
    make_tracing_seeds(issuer.home, now=issuer.now - DAY, until=issuer.now, after=None)
    this = hour_at(issuer.now)
    publish_hours(issuer, [this - 24, this - 1])
    run(issuer)
    issuer.clock.now = tracing_ends(date_of(this - 24))
    return issuer


def number_listed(issuer: Service) -> int:
    listed = issuer.authority.notices()
    assert listed is not None
    return len(listed.hours)


@pytest.mark.process
def test_a_notice_that_was_changed_in_the_store_holds_up_nothing_else(traced: Service) -> None:
    with traced.authority.store.database.writing() as connection:
        connection.execute("UPDATE records SET sealed = substr(sealed, 1, 40) WHERE kind='notice'")
    with pytest.raises(StoreError, match="does not open"):
        run(traced)
    assert traced.authority.staff.accounts() == []
    line = read_log(traced.authority)[-1]
    assert (line.last_run, line.deleted["staff_accounts"]) == (traced.now, 1)
    assert statement(traced)["iat"] == traced.now


@pytest.mark.process
def test_a_damaged_file_of_accounts_keeps_no_dead_hour_in_the_list(traced: Service) -> None:
    traced.home.staff.write_bytes(b"damaged" * 1000)
    assert number_listed(traced) == 2
    with pytest.raises(CommandError, match="cannot be used"):
        run(traced)
    assert number_listed(traced) == 1


# The statement


def test_the_statement_says_every_kind_in_rounded_figures_and_whole_days(issuer: Service) -> None:
    for _ in range(11):
        issuer.code()
    run(issuer, at=NOON + DAY)
    claims = statement(issuer)
    assert matches("retention-statement", claims)
    assert (claims["iss"], claims["iat"]) == (issuer.authority.config.url, NOON + DAY)
    kinds = {entry["kind"]: entry for entry in claims["kinds"]}
    assert kinds.keys() == set(Kind)
    assert kinds["code"] == {
        "kind": "code",
        "period_seconds": 72 * HOUR,
        "held": 20,
        "oldest_days": 1,
    }
    assert kinds["notice"]["held"] == 0 and kinds["notice"]["oldest_days"] is None


def test_the_statement_is_made_once_a_day(issuer: Service) -> None:
    run(issuer)
    first = issuer.home.statement.read_bytes()
    issuer.code()
    run(issuer, at=MIDNIGHT - 1)
    assert issuer.home.statement.read_bytes() == first
    run(issuer, at=MIDNIGHT)
    assert statement(issuer)["iat"] == MIDNIGHT


def test_a_damaged_statement_is_made_anew(issuer: Service) -> None:
    for content in (b"", b"a.b.c", b"\xff", b"e30.e30.AA"):
        run(issuer)
        issuer.home.statement.write_bytes(content)
        run(issuer)
        assert statement(issuer)["iat"] == NOON


def test_the_statement_says_how_many_days_ago_retention_ran(issuer: Service) -> None:
    assert statement_payload(issuer.authority, NOON)["last_run_days"] is None
    run(issuer)
    assert statement_payload(issuer.authority, NOON + 3 * DAY - 1)["last_run_days"] == 2
    assert statement_payload(issuer.authority, NOON - 3 * DAY)["last_run_days"] == 0


# The sunset


@pytest.fixture
def ended(issuer: Service) -> Service:
    """An issuer in use whose sunset has come: some records would have lived for months."""
    issuer.clock.now = issuer.authority.sunset - DAY
    wallet = issuer.activated(reference="P1", evidence="vaccinated_full")
    wallet.end()
    issuer.withdraw("P1", "fraud")
    issuer.code()
    issuer.staff(Role.REGISTRAR)
    make_missing_keys(issuer.authority, issuer.now)
    run(issuer)
    issuer.clock.now = issuer.authority.sunset
    return issuer


@pytest.mark.process
def test_at_the_sunset_everything_but_the_log_goes(ended: Service) -> None:
    totals = run(ended)
    assert totals["signing_keys"] == 7
    assert totals["pass_keys"] == 2
    assert (totals["withdrawal"], totals["ended"], totals["code"]) == (1, 1, 1)
    home = ended.home
    assert list(home.keys.iterdir()) == list(home.pass_keys.iterdir()) == []
    assert list((home.perishable / "day-keys").glob("*.key")) == []
    assert list(home.tracing_seeds.glob("*.seed")) == []
    gone = (home.bundle, home.statement, home.notices, home.reference_key, home.root_key)
    assert [path for path in gone if path.exists()] == []
    assert set(held(ended).values()) == {0}
    assert len(read_log(ended.authority)) == 2


@pytest.mark.process
def test_after_the_sunset_it_runs_on_and_finds_nothing(ended: Service) -> None:
    run(ended)
    for days in (0, 1, 400):
        assert {"staff_accounts"} >= run(ended, at=ended.authority.sunset + days * DAY).keys()
    assert not ended.home.statement.exists()
    assert read_log(ended.authority)[-1].last_run == ended.now


@pytest.mark.process
def test_the_second_before_the_sunset_nothing_else_goes(ended: Service) -> None:
    assert "signing_keys" not in run(ended, at=ended.authority.sunset - 1)
    assert held(ended)["withdrawal"] == 1


@pytest.mark.process
def test_after_the_sunset_no_key_is_left_in_the_database(ended: Service) -> None:
    run(ended)
    ended.close()
    assert inspect(ended.home.perishable, ended.now + DAY) == []
    ended.open()


@pytest.mark.process
def test_a_home_can_be_opened_after_its_sunset(ended: Service) -> None:
    run(ended)
    authority = Authority.open(ended.home)
    assert authority.is_over(ended.now)
    assert not authority.is_ready(ended.now)
    authority.store.close()


@pytest.mark.process
def test_keys_of_every_window_go_at_the_sunset(ended: Service) -> None:
    assert max(file.cell.window.exp for file in list_keys(ended.home.pass_keys)) >= ended.now
    run(ended)
    assert list_keys(ended.home.pass_keys) == []


def test_what_a_log_line_says_is_what_was_written(issuer: Service) -> None:
    run(issuer)
    line = json.loads(issuer.home.retention_log.read_text())
    assert line == {"day": "2026-03-17", "last_run": "2026-03-17T07:00:00Z", "deleted": {}}
    assert parse_time(line["last_run"]) == NOON


def test_the_periods_are_those_of_the_one_table(issuer: Service) -> None:
    kinds = statement_payload(issuer.authority, NOON)["kinds"]
    assert {entry["kind"]: entry["period_seconds"] for entry in kinds} == {
        kind.value: entry.period for kind, entry in STORED_KINDS.items()
    }


def test_a_bundle_is_published_after_the_keys_of_a_window_went(issuer: Service) -> None:
    end = issuer.authority.bundle().windows[0].exp + HOUR
    run(issuer, at=end)
    make_missing_keys(issuer.authority, end)
    assert publish(issuer.authority, end)


@pytest.mark.process
def test_a_store_that_cannot_be_written_is_one_line(issuer: Service, tmp_path: Path) -> None:
    issuer.code()
    store = issuer.home.perishable / "store"
    issuer.close()
    store.rename(tmp_path / "away")
    with pytest.raises(CommandError, match="the store cannot be opened"):
        run(issuer, at=NOON + 10 * DAY)
    (tmp_path / "away").rename(store)
    assert run(issuer)["code"] == 1


# What staff did


def test_what_an_older_home_counted_of_staff_goes_on_in_the_audit(issuer: Service) -> None:
    with closing(sqlite3.connect(issuer.home.staff)) as connection:
        connection.execute("create table actions (day, action, account, role, total)")
        row = (NOON // DAY, "register", 7, "registrar", 12)
        connection.execute("insert into actions values (?, ?, ?, ?, ?)", row)
        connection.commit()
    run_retention(issuer.authority, NOON)
    run_retention(issuer.authority, NOON)
    [line] = issuer.authority.audit.recent(9)
    assert (line.action, line.account, line.total) == ("register", 7, 12)


def test_lines_over_a_year_old_go_with_what_was_proposed(issuer: Service) -> None:
    officer = issuer.authority.staff.authenticate(issuer.staff("officer"), NOON)
    assert officer is not None
    propose(issuer.home, ApprovalKind.ROOT_STATEMENT, b"value", officer, NOON)
    assert run_retention(issuer.authority, NOON + 7 * DAY)["approvals"] == 1
    assert run_retention(issuer.authority, NOON + 366 * DAY)["audit_lines"] == 1
    assert issuer.authority.audit.verify().ok


def logged(issuer: Service) -> Log:
    """The log, with its bundle and another one kept since noon."""
    log = Log.open(issuer.home, 1)
    keep_bundle(log.folder, b"eyJ.eyJ.c2ln", NOON)
    return log


def test_bundles_beside_the_log_go_after_14_days_and_the_log_at_the_sunset(issuer: Service) -> None:
    log = logged(issuer)
    assert "logged_bundles" not in run(issuer, at=NOON + 14 * DAY - 1)
    assert run(issuer, at=NOON + 14 * DAY)["logged_bundles"] == 2
    assert list(log.folder.bundles.iterdir()) == []
    assert log.size == 1
    run(issuer, at=issuer.authority.sunset)
    assert log_numbers(issuer.home) == []


@pytest.mark.process
def test_a_bundle_that_outlived_its_14_days_is_found(issuer: Service) -> None:
    logged(issuer)
    finding = "2 bundles beside the log outlived their 14 days"
    assert finding not in overdue(issuer.home, NOON + 14 * DAY)
    assert finding in overdue(issuer.home, NOON + 15 * DAY)
