"""Newer bundles, from a file and from the issuer's address."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from schemas.catalogues import sentence
from schemas.kinds import DAY
from schemas.languages import Language
from schemas.log.entries import split_carried
from tests.support.bundle_server import BundleServer, serving
from tests.support.commands import Run, complaint
from tests.support.world import NOON, World

# Updates


def test_an_import_takes_a_newer_bundle_with_a_line_end(
    device: Run, world: World, tmp_path: Path
) -> None:
    path = tmp_path / "new.jws"
    path.write_bytes(world.bundle(NOON) + b"\r\n\n")
    assert device("import", path, "--json").members["version"] == 2


@pytest.mark.parametrize(
    ("content", "helpdesk"),
    [(b"", "Q40"), (b"x" * 4_000_001, "Q41"), (b"x" * 5_000_000, "Q41"), (b"a.b.c", "Q40")],
    ids=["empty", "over 4 MB", "far over 4 MB", "something else"],
)
def test_an_import_of_something_else_is_refused(
    device: Run, tmp_path: Path, content: bytes, helpdesk: str
) -> None:
    path = tmp_path / "new.jws"
    path.write_bytes(content)
    assert complaint(device("import", path), status=1).endswith(f"({helpdesk})")
    assert device("status", "--json").members["version"] == 1


def test_an_older_bundle_is_not_taken_and_nothing_is_lost(
    device: Run, world: World, tmp_path: Path
) -> None:
    older, newer = tmp_path / "older.jws", tmp_path / "newer.jws"
    older.write_bytes(world.bundle(NOON))
    newer.write_bytes(world.bundle(NOON))
    device("import", newer)
    assert device("import", older, "--json").members["version"] == 3
    assert device("status", "--json").members["version"] == 3


def test_a_bundle_of_older_roots_is_refused(device: Run, world: World, tmp_path: Path) -> None:
    older, newer = tmp_path / "older.jws", tmp_path / "newer.jws"
    older.write_bytes(world.bundle(NOON))
    world.rotate_root(NOON)
    newer.write_bytes(world.bundle(NOON))
    device("import", newer)
    assert complaint(device("import", older), status=1).endswith("(Q45)")
    assert device("status", "--json").members["version"] == 1


def test_a_device_that_was_away_for_long_is_told_that_it_cannot_see_what_was_in_between(
    device: Run, world: World, tmp_path: Path
) -> None:
    path = tmp_path / "new.jws"
    path.write_bytes([world.bundle(NOON) for _ in range(30)][-1])
    result = device("import", path, "--json")
    assert result.members["version"] == 31
    assert sentence("continuity_unknown", Language.EN) in result.err


def test_a_bundle_that_has_run_out_is_told_with_the_next_step(device: Run, world: World) -> None:
    later = NOON + 4 * DAY
    assert device("status", "--json", now=later).members["keys"] == "bundle_expired"
    assert "qupia-verifier import FILE" in device("status", now=later).out
    assert device("scan", world.code(NOON), now=later).status == 2


# From the issuer's address


@pytest.fixture
def server(world: World) -> Iterator[BundleServer]:
    with serving(world.bundle(NOON), NOON) as server:
        yield server


@pytest.fixture
def online(run: Run, world: World, server: BundleServer) -> Run:
    assert run("setup", server.origin, "--root", world.pin).status == 0
    return run


def test_a_set_up_from_an_address_keeps_it_and_compares_the_clock(
    run: Run, world: World, server: BundleServer
) -> None:
    result = run("setup", f"{server.origin}/", "--root", world.pin, "--json", now=NOON + 40)
    assert (result.status, result.members["url"]) == (0, server.origin)
    assert result.members["clock_ahead_seconds"] == 40
    assert result.members["next"] == "clock"


def test_a_set_up_with_a_clock_that_is_far_ahead_blames_the_clock(
    run: Run, world: World, server: BundleServer
) -> None:
    result = run("setup", server.origin, "--root", world.pin, now=NOON + 4 * DAY)
    assert (result.status, result.error) == (
        1,
        "The clock of this device is 4 days ahead. Switch on automatic date and time.",
    )


def test_a_sync_fetches_the_newest_bundle(online: Run, world: World, server: BundleServer) -> None:
    server.body = world.bundle(NOON)
    assert online("sync", "--json").members["version"] == 2
    assert online("sync", "--json").members["version"] == 2


def test_requests_carry_no_cookie_and_nothing_about_the_device(
    online: Run, server: BundleServer
) -> None:
    online("sync")
    for headers in server.headers:
        assert headers.keys() == {
            "host",
            "accept",
            "accept-encoding",
            "connection",
            "user-agent",
        }
        assert headers["user-agent"] == "qupia"


def test_with_the_issuer_down_a_sync_says_so_and_scanning_goes_on(run: Run, world: World) -> None:
    with serving(world.bundle(NOON), NOON) as server:
        run("setup", server.origin, "--root", world.pin)
    message = complaint(run("sync"))
    assert message == (
        f"no answer from {server.origin}; check the address and the network, then try again"
    )
    assert run("scan", world.code(NOON)).status == 0


@pytest.mark.parametrize("status", [404, 410, 500, 302])
def test_an_answer_that_is_no_bundle_is_told(
    online: Run, server: BundleServer, status: int
) -> None:
    server.status = status
    message = complaint(online("sync"))
    assert f"answered {status} instead of a trust bundle" in message
    assert online("status", "--json").members["version"] == 1


def test_an_answer_that_is_too_large_is_cut_off(online: Run, server: BundleServer) -> None:
    server.body = b"x" * 4_000_001
    assert complaint(online("sync")) == f"the answer of {server.origin} is too large"


def test_an_answer_without_its_proof_is_refused(
    online: Run, world: World, server: BundleServer
) -> None:
    server.body, _ = split_carried(world.bundle(NOON))
    assert complaint(online("sync"), status=1).endswith("(Q55)")


def test_an_answer_out_of_a_cache_says_nothing_about_the_clock(
    online: Run, server: BundleServer
) -> None:
    before = online("status", "--json").members
    server.age, server.date = "300", NOON - 300
    after = online("sync", "--json").members
    for name in ("clock_ahead_seconds", "clock_compared_at"):
        assert after[name] == before[name]


def test_a_clock_that_cannot_be_compared_does_not_stop_a_sync(
    online: Run, world: World, server: BundleServer
) -> None:
    server.body, server.health = world.bundle(NOON), b"x" * 100_000
    result = online("sync", "--json", now=NOON + 60)
    assert (result.status, result.members["version"]) == (0, 2)
    assert result.members["clock_compared_at"] == "2026-03-17T07:00:00Z"


def test_a_split_view_is_told_and_both_bundles_are_kept(
    online: Run, world: World, server: BundleServer, tmp_path: Path
) -> None:
    server.body = world.bundle(NOON + 1, version=1)
    assert complaint(online("sync"), status=1).endswith("(Q46)")
    assert len(list((tmp_path / "home" / "evidence").iterdir())) == 1
    assert online("scan", world.code(NOON)).status == 0
