"""Two days of twelve real wallets: when they ask, and what the issuer keeps and says of that.

Wallets of a second town have the faults that are looked for, and every figure finds its own.
"""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing, redirect_stderr, redirect_stdout
from dataclasses import dataclass, replace
from io import StringIO
from pathlib import Path
from unittest.mock import patch

import pytest

from benchmarks.privacy.real_days import Days, Logs, Setting, town
from benchmarks.privacy.real_figures import (
    most_when_withdrawn,
    pauses,
    shortest_pause,
    turns,
)
from benchmarks.privacy.real_phones import Kind
from issuer.api.metrics import metrics_text
from schemas.encoding import format_time
from schemas.kinds import MINUTE
from tests.support.perishable import files_of
from tests.support.secrets import found
from wallet_sim.fetching import runner, sync
from wallet_sim.passes import schedule
from wallet_sim.passes.schedule import Below
from wallet_sim.passes.state import Plan, Wallet
from wallet_sim.web import house

pytestmark = pytest.mark.process  # The store compacts its files in a process of its own.

SETTING = Setting(wallets=12, days=2, seed=3, retires=False)


@dataclass(frozen=True)
class Lived:
    """``home`` has the issuer's files as bytes, ``said`` what it wrote while it answered."""

    days: Days
    logs: Logs
    said: str
    metrics: str
    home: dict[str, bytes]


def live(folder: Path) -> Iterator[Lived]:
    said = StringIO()
    with town(folder, SETTING) as days, redirect_stdout(said), redirect_stderr(said):
        logs = days.live()
        metrics = metrics_text(days.office.authority, days.moment())
        yield Lived(days, logs, said.getvalue(), metrics, files_of(days.office.home.path))


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lived]:
    yield from live(tmp_path_factory.mktemp("town"))


@pytest.fixture(scope="module")
def logs(lived: Lived) -> Logs:
    return lived.logs


# When wallets ask


def test_all_of_it_happened(logs: Logs) -> None:
    assert {act.kind for act in logs.acts} == set(Kind)
    assert {request.code for request in logs.requests} >= {"", "withdrawn", "code_unknown"}
    assert set(logs.outcomes) == {"admit"}
    assert len(logs.showings) > 12
    assert logs.devices


def test_a_withdrawn_wallet_asks_twice_a_day_at_most(logs: Logs) -> None:
    assert len(logs.withdrawn) == 3
    assert most_when_withdrawn(logs.requests, logs.withdrawn, logs.windows) <= 2


def test_nothing_is_sent_in_the_minutes_after_a_start_a_showing_or_a_check_in(logs: Logs) -> None:
    assert {act.kind for act, _ in pauses(logs.acts, logs.requests, logs.devices)} == set(Kind)
    assert shortest_pause(logs.acts, logs.requests, logs.devices) >= 10 * MINUTE


def test_wallets_of_one_device_leave_a_pause_between_them(logs: Logs) -> None:
    between = list(turns(logs.requests, logs.devices))
    assert len(between) > 3
    assert min(between) >= MINUTE


# What the issuer keeps and says


def traces(lived: Lived) -> list[str]:
    """Where an address, or the second of a request, stands in what the issuer keeps or says."""
    moments = {int(request.moment) for request in lived.logs.requests if request.is_of_wallet}
    secrets: dict[str, str | bytes] = {"address": "198.51.100."}
    secrets |= {f"second {moment}": str(moment) for moment in moments}
    secrets |= {f"time {moment}": format_time(moment)[:-1] for moment in moments}
    contents = lived.home | {"output": lived.said.encode(), "metrics": lived.metrics.encode()}
    return found(secrets, contents)


def test_a_running_issuer_says_nothing(lived: Lived) -> None:
    assert lived.said == ""


def test_neither_files_nor_metrics_name_an_address_or_the_second_of_a_request(
    lived: Lived,
) -> None:
    assert traces(lived) == []


def test_records_tell_their_time_in_ten_minutes_and_nothing_else(lived: Lived) -> None:
    path = lived.days.office.home.perishable / "store" / "store.db"
    with closing(sqlite3.connect(path)) as connection:
        kinds = {row[2] for row in connection.execute("PRAGMA table_info(records)")}
        ends = [row[0] for row in connection.execute("SELECT expires_at FROM records")]
    assert kinds == {"TEXT", "BLOB", "INTEGER"}
    assert ends
    assert {end % (10 * MINUTE) for end in ends} == {0}


def test_metrics_have_no_label_that_could_be_of_anybody(lived: Lived) -> None:
    labels = set(re.findall(r'(\w+)="([^"]*)"', lived.metrics))
    assert {name for name, _ in labels} == {"kind", "status", "days_ago"}
    assert {value for name, value in labels if name == "status"} == {"green", "blue"}


def test_an_issuer_that_notes_whose_request_came_when_is_found(lived: Lived) -> None:
    request = next(one for one in lived.logs.requests if one.is_of_wallet)
    told = f"{format_time(int(request.moment))} {request.address} {request.path}"
    assert len(traces(replace(lived, said=told))) == 2
    assert len(traces(replace(lived, metrics=f"qupia_last_request {int(request.moment)}"))) == 1
    assert traces(replace(lived, home=lived.home | {"notes": told.encode("utf-16")}))


# What is planted is found


def asks_every_20_minutes(wallet: Wallet, *, free_from: int, below: Below) -> Wallet:
    """What was refused, or missed, is asked for again and again."""
    plan = wallet.plan
    if plan is None or plan.at >= free_from:
        return wallet
    return replace(wallet, plan=Plan(plan.window, free_from + 20 * MINUTE))


@pytest.fixture(scope="module")
def faulty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Logs]:
    """Wallets that know no quiet minutes, ask all at once on one device, and are beacons."""
    with ExitStack() as stack:
        for module in (runner, schedule):
            stack.enter_context(patch.object(module, "QUIET", 0))
        stack.enter_context(patch.object(runner, "HOUR", 1))
        stack.enter_context(patch.object(house.Turns, "is_free", lambda *_: True))
        stack.enter_context(patch.object(sync, "close", lambda wallet, _: wallet))
        stack.enter_context(patch.object(runner, "hold_back", asks_every_20_minutes))
        for lived in live(tmp_path_factory.mktemp("faulty")):
            yield lived.logs


def test_a_wallet_that_asks_again_and_again_when_withdrawn_is_found(faulty: Logs) -> None:
    assert most_when_withdrawn(faulty.requests, faulty.withdrawn, faulty.windows) > 2


def test_a_wallet_that_asks_when_it_starts_is_found(faulty: Logs) -> None:
    assert shortest_pause(faulty.acts, faulty.requests, faulty.devices) < 10 * MINUTE


def test_wallets_that_ask_one_after_the_other_are_found(faulty: Logs) -> None:
    assert min(turns(faulty.requests, faulty.devices)) < MINUTE
