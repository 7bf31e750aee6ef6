"""The run-books of ``docs/operating.md`` work: their console blocks are run, in their order.

``make drill`` runs all of them; otherwise only the set-up is run, and the tables are compared.
"""

import os
import re
import time
from itertools import takewhile
from pathlib import Path

from issuer.intake.rows import RejectReason
from schemas.bundle_faults import BundleFault, BundleRejected
from schemas.notices import NoticesFault, NoticesRejected
from schemas.refusals import Reason, Refused
from tests.support.console import says, shell, steps
from tests.support.lab_export import HEADER, local, make_row
from verifier.monitor.findings import FindingKind

DOCUMENT = Path(__file__).parents[2] / "docs" / "operating.md"
FULL = os.environ.get("QUPIA_DRILL") == "full"


def _cells(table: str, column: int) -> list[str]:
    after = DOCUMENT.read_text(encoding="utf-8").split(f"<!-- table: {table} -->\n\n", 1)[1]
    rows = after.split("\n\n", 1)[0].splitlines()[2:]
    return [row.split(" | ")[column].strip("|` ") for row in rows]


def _write_export(path: Path) -> None:
    """Eight rows: four that give a code, two that withdraw, two that cannot be used."""
    now = int(time.time())  # noqa: TID251 - the commands of the document read the clock.
    rows = [
        HEADER,
        make_row(1, date=local(1, now=now)),
        make_row(2, kind="Вакцинация", result="2 доза", date=local(60, now=now)),
        make_row(3, kind="Справка", result="нет данных", date=local(3, now=now)),
        make_row(4, kind="Выписка", result="выздоровел", date=local(40, now=now)),
        make_row(5, result="положительный", date=local(1, now=now)),
        make_row(6, kind="Контакт", result="зарегистрирован", date=local(2, now=now)),
        make_row(7, iin="123456789012", date=local(1, now=now)),
        make_row(8, date=local(-2, now=now)),
    ]
    path.write_text("\n".join(";".join(row) for row in rows), encoding="cp1251")


def test_the_run_books_print_what_they_say(tmp_path: Path) -> None:
    _write_export(tmp_path / "export.csv")
    (tmp_path / "reference").write_text("N 1234567\n")
    everything = steps(DOCUMENT.read_text(encoding="utf-8"))
    set_up = takewhile(lambda step: "staff" not in step.command, everything)
    with shell(tmp_path) as running:
        for step in everything if FULL else set_up:
            printed = running.run(step)
            assert says(printed, step.output), f"$ {step.command}\n{printed}"


def test_every_help_desk_code_is_explained_once() -> None:
    codes = {Refused(reason).helpdesk for reason in Reason}
    codes |= {BundleRejected(fault).helpdesk for fault in BundleFault}
    codes |= {NoticesRejected(fault).helpdesk for fault in NoticesFault}
    assert _cells("codes", 0) == sorted(codes)


def test_every_finding_of_a_monitor_is_explained() -> None:
    assert _cells("findings", 0) == [kind.value for kind in FindingKind]


def test_every_reason_to_reject_a_row_is_explained_in_the_order_of_the_checks() -> None:
    assert _cells("rejects", 0) == [reason.value for reason in RejectReason]


def test_every_metric_that_is_named_exists() -> None:
    source = (DOCUMENT.parents[1] / "issuer" / "api" / "metrics.py").read_text(encoding="utf-8")
    named = re.findall(r"`qupia_(\w+)`", DOCUMENT.read_text(encoding="utf-8"))
    assert named
    for name in named:
        assert f'"{name}"' in source or f"TYPE qupia_{name} " in source
