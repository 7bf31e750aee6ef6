"""What holds for every test: two tiers, and no dependence on how fast the machine is.

A test that starts a process or a browser is marked ``process``. It is so by itself where it uses a
fixture that does, or stands in a folder of such tests; elsewhere it says so. ``make check`` leaves
these tests out. A test without the mark that starts a process all the same fails.
"""

import sys
from collections.abc import Iterator
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile(
    "qupia",
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.load_profile("qupia")

STARTING_FIXTURES = {
    *("browser", "playwright", "node", "machine"),
    *("page_server", "own_server", "real_issuer", "served"),
}
"""Whoever uses one of these, through others too, starts a process or a browser."""

STARTING_FOLDERS = [Path(__file__).with_name("drills")]

_STARTS = ("subprocess.Popen", "os.fork", "os.forkpty", "os.posix_spawn", "os.spawn", "os.system")


class _Guard:
    """Which test runs now, if it may start no process."""

    test: pytest.Item | None = None

    def refuse(self) -> None:
        if self.test is not None:
            pytest.fail("this starts a process: mark it with pytest.mark.process")

    def hear(self, event: str, _: object) -> None:
        """An audit hook (PEP 578)."""
        if event in _STARTS:
            self.refuse()


_GUARD = _Guard()
sys.addaudithook(_GUARD.hear)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        fixtures = set(getattr(item, "fixturenames", ()))
        in_folder = any(folder in item.path.parents for folder in STARTING_FOLDERS)
        if in_folder or fixtures & STARTING_FIXTURES:
            item.add_marker(pytest.mark.process)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    _GUARD.test = None if item.get_closest_marker("process") else item
    try:
        return (yield)
    finally:
        _GUARD.test = None


@pytest.fixture(autouse=True)
def _no_worker_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """The module multiprocessing starts its processes without an audit event."""
    start = BaseProcess.start

    def guarded(process: BaseProcess) -> None:
        _GUARD.refuse()
        start(process)

    monkeypatch.setattr(BaseProcess, "start", guarded)
