"""``make check`` leaves out what starts a process, and nothing slips into it that does."""

import os
import subprocess
import sys
from multiprocessing import Process

import pytest

FAILED = pytest.fail.Exception


def test_a_test_without_the_mark_can_start_no_process() -> None:
    with pytest.raises(FAILED, match=r"mark it with pytest\.mark\.process"):
        subprocess.run([sys.executable, "-c", ""], check=True)
    with pytest.raises(FAILED, match=r"mark it with pytest\.mark\.process"):
        Process(target=print).start()
    with pytest.raises(FAILED, match=r"mark it with pytest\.mark\.process"):
        os.fork()


@pytest.mark.process
def test_a_test_with_the_mark_starts_what_it_likes() -> None:
    subprocess.run([sys.executable, "-c", ""], check=True)


@pytest.mark.parametrize("fixture", ["browser", "node", "machine", "page_server", "real_issuer"])
def test_fixtures_that_start_something_bring_the_mark(
    fixture: str, request: pytest.FixtureRequest
) -> None:
    using = [item for item in request.session.items if fixture in getattr(item, "fixturenames", ())]
    assert all(item.get_closest_marker("process") for item in using)
