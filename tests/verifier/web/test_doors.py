"""Every door of ``tests/vectors/doors`` at the page itself, in a real browser.

The files in which a venue shows a check-in code are left to other tests: no code is shown by the
page. Neither is there a door without a bundle, as a page without one is at its set-up; nor an empty
text, which nobody can type or paste.
"""

import json
from itertools import groupby
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.support.browser import visit
from tests.support.bundle_server import serving
from tests.support.door import Door, Verdict
from tests.support.vectors import VECTORS
from tests.support.world import NOON

DOORS = VECTORS / "doors"
CASES: list[dict[str, Any]] = [
    case
    for case in (json.loads(path.read_text()) for path in sorted(DOORS.glob("*.json")))
    if case["venue"] is None and case["bundle"] is not None and case["text"]
]
CASES.sort(key=lambda case: (case["bundle"], case["policy"], case["name"]))
GROUPS = {
    f"{bundle} {policy}": list(cases)
    for (bundle, policy), cases in groupby(CASES, lambda one: (one["bundle"], one["policy"]))
}


@pytest.mark.parametrize("group", GROUPS)
def test_the_page_decides_as_the_file_says(group: str, browser: Browser, venue_page: str) -> None:
    cases = GROUPS[group]
    data = (DOORS / cases[0]["bundle"]).read_bytes()
    with serving(data, NOON) as issuer, visit(browser, now=NOON) as seen:
        door = Door.of(seen)
        door.page.clock.set_fixed_time(NOON)
        root, policy = cases[0]["root"], cases[0]["policy"]
        door.set_up(venue_page, issuer=issuer.origin, root=root, policy=policy)
        # Nobody asks it any more: the doors are kept offline.
        issuer.stop()
        for case in cases:
            assert (case["name"], decide(door, case)) == (case["name"], expected(case))


def expected(case: dict[str, Any]) -> Verdict:
    return Verdict(case["outcome"], case["reason"])


def decide(door: Door, case: dict[str, Any]) -> Verdict:
    """The verdict on a case's text, at a page that remembers nobody but those who came before."""
    for before in case["before"]:
        set_time(door, before["now"])
        assert door.judge(before["text"]).outcome == "admit"
        door.dismiss()
    set_time(door, case["now"])
    verdict = paste(door, case["text"])
    door.dismiss()
    if case["before"] or verdict.outcome == "admit":
        door.page.reload()
        door.wait_for("scanning")
    return verdict


def paste(door: Door, text: str) -> Verdict:
    before = len(door.verdicts())
    door.paste(text)
    return door.next_verdict(before)


def set_time(door: Door, now: int) -> None:
    """To the second: time stands still, but timers go on."""
    door.page.clock.set_fixed_time(now)
