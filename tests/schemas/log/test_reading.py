"""Reading a whole log from its tiles (C2SP tlog-tiles)."""

import pytest

from schemas.log.merkle import leaf_hash
from schemas.log.reading import MOST_LEAVES, TILE_BYTES, log_path, read_leaves
from schemas.log.tiles import FULL

ORIGIN = "qupia.example/.well-known/qupia/log/3"
ROOT = "/.well-known/qupia/log/3/tile/0/"
LEAVES = [leaf_hash(bytes([at % 256, at // 256])) for at in range(700)]


def files(size: int) -> dict[str, bytes]:
    """What a log of the first 700 leaves serves when it has ``size`` entries."""
    tiles = {}
    for index in range(-(-size // FULL)):
        leaves = LEAVES[index * FULL : min(size, (index + 1) * FULL)]
        suffix = "" if len(leaves) == FULL else f".p/{len(leaves)}"
        tiles[f"{ROOT}{index:03}{suffix}"] = b"".join(leaves)
    return tiles


def test_only_the_path_of_the_name_of_a_log_is_used() -> None:
    assert log_path(ORIGIN) == "/.well-known/qupia/log/3"


@pytest.mark.parametrize("origin", ["", "qupia.example", "qupia.example/"])
def test_a_name_without_a_path_is_no_place(origin: str) -> None:
    with pytest.raises(ValueError, match="ends with its path"):
        log_path(origin)


@pytest.mark.parametrize("size", [0, 1, 28, 255, 256, 257, 511, 512, 513, 700])
def test_the_leaves_of_a_whole_log_are_read_in_order(size: int) -> None:
    asked: list[str] = []
    served = files(size)

    def read(path: str) -> bytes | None:
        asked.append(path)
        return served.get(path)

    assert read_leaves(ORIGIN, size, read) == LEAVES[:size]
    assert asked == list(served)


def test_a_partial_tile_that_is_gone_is_had_as_the_full_one() -> None:
    served = files(700)
    asked: list[str] = []

    def read(path: str) -> bytes | None:
        asked.append(path)
        return served.get(path)

    assert read_leaves(ORIGIN, 300, read) == LEAVES[:300]
    assert asked == [f"{ROOT}000", f"{ROOT}001.p/44", f"{ROOT}001"]


@pytest.mark.parametrize("path", [f"{ROOT}000", f"{ROOT}001.p/44"])
def test_a_log_with_a_missing_tile_is_not_read(path: str) -> None:
    served = files(300)
    del served[path]
    with pytest.raises(ValueError, match="a tile of the log is missing"):
        read_leaves(ORIGIN, 300, served.get)


@pytest.mark.parametrize("path", [f"{ROOT}000", f"{ROOT}001.p/44"])
@pytest.mark.parametrize("spoil", [lambda d: d[:-1], lambda d: d + bytes(32), lambda d: b""])
def test_a_tile_of_another_length_is_not_read(path: str, spoil) -> None:
    served = files(300)
    served[path] = spoil(served[path])
    with pytest.raises(ValueError, match="another length"):
        read_leaves(ORIGIN, 300, served.get)


def test_a_full_tile_in_the_place_of_a_partial_one_must_be_whole() -> None:
    served = files(256) | {f"{ROOT}001": bytes(TILE_BYTES - 32)}
    with pytest.raises(ValueError, match="another length"):
        read_leaves(ORIGIN, 300, served.get)


@pytest.mark.parametrize("size", [-1, MOST_LEAVES + 1, 2**63 - 1])
def test_a_log_that_is_too_large_is_not_asked_for(size: int) -> None:
    def read(path: str) -> bytes | None:
        raise AssertionError(path)

    with pytest.raises(ValueError, match="too large"):
        read_leaves(ORIGIN, size, read)
