"""The whole log, for a venue's device that was away for longer than a proof reaches back."""

import pytest

from schemas.continuity import LogMemory
from shell.errors import CommandError
from shell.fetching import Answer
from verifier.trust import update

LOG = LogMemory("elsewhere.example/.well-known/qupia/log/2+00000000+key", 3, "root")
TILE = "https://qupia.example/.well-known/qupia/log/2/tile/0/000"


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
    """What the issuer answers by address; all else is 404."""
    files: dict[str, bytes] = {}

    def send(method: str, url: str, *, limit: int) -> Answer:
        assert (method, limit) == ("GET", 8192)
        return Answer(200 if url in files else 404, files.get(url, b""), "", "")

    monkeypatch.setattr(update, "send", send)
    return files


def test_a_log_is_read_from_the_issuer_that_the_device_knows(served: dict[str, bytes]) -> None:
    served[f"{TILE}.p/3"] = bytes(96)
    assert update.fetch_leaves("https://qupia.example", LOG) == [bytes(32)] * 3


def test_a_partial_tile_that_is_gone_is_had_as_the_full_one(served: dict[str, bytes]) -> None:
    served[TILE] = bytes(8192)
    assert update.fetch_leaves("https://qupia.example", LOG) == [bytes(32)] * 3


def test_without_the_tiles_a_device_goes_on(served: dict[str, bytes]) -> None:
    assert update.fetch_leaves("https://qupia.example", LOG) is None
    served[f"{TILE}.p/3"] = bytes(95)
    assert update.fetch_leaves("https://qupia.example", LOG) is None


def test_without_network_a_device_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable(*_: object, **__: object) -> Answer:
        raise CommandError("no answer")

    monkeypatch.setattr(update, "send", unreachable)
    assert update.fetch_leaves("https://qupia.example", LOG) is None
