"""``qupia-issuer`` as it is typed, anywhere and at a home."""

from pathlib import Path

import pytest

from tests.support.commands import Given, Outcome, Run, run_here
from tests.support.issuers import MovableClock, Service


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock()


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, clock: MovableClock) -> Run:
    """Runs ``qupia-issuer`` at the clock of the test, with no home but one that is given."""
    monkeypatch.delenv("QUPIA_ISSUER_HOME", raising=False)

    def run(*words: str | Path, given: Given = "") -> Outcome:
        outcome = run_here("qupia-issuer", *map(str, words), clock=clock, given=given)
        assert outcome.status in (0, 1) or not outcome.out.strip(), outcome
        return outcome

    return run


@pytest.fixture
def at_home(command: Run, issuer: Service, clock: MovableClock) -> Run:
    """Runs a command on the home of ``issuer``, whose clock is the commands' clock."""
    issuer.clock = clock
    issuer.home.root_key.rename(issuer.home.path.with_name("ROOT.pem"))
    issuer.reopen()
    return lambda *words, given="": command(*words, "--home", issuer.home.path, given=given)
