"""What a program on the same machine is answered, and what nobody else is."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette

from schemas.languages import Language
from shell.errors import CommandError
from tests.support.asgi import Header, Reply, ask
from tests.support.commands import Run
from tests.support.keyboards import RUSSIAN, typed_on
from tests.support.venue_device import VenueDevice
from tests.support.world import NOON, World
from verifier.commands.scanning import Door
from verifier.deciding import BODY_LIMIT, Decide
from verifier.serving import create_app

HOST = ("Host", "127.0.0.1:8001")
JSON = ("Content-Type", "application/json")
ADMITTED = {
    "source": None,
    "outcome": "admit",
    "reason": None,
    "helpdesk": None,
    "status": "green",
    "holder": "03",
    "paper": False,
}


@pytest.fixture
def device(tmp_path: Path) -> VenueDevice:
    return VenueDevice(tmp_path / "home")


@pytest.fixture
def app(device: VenueDevice, tmp_path: Path) -> Starlette:
    return app_of(tmp_path, door_of(device).decide_text)


def door_of(device: VenueDevice) -> Door:
    return Door(device.store, clock=lambda: NOON, policy=None, language=Language.EN)


def app_of(page: Path, decide: Decide) -> Starlette:
    return create_app(page, decide)


def post(app: Starlette, body: bytes, *headers: Header, **how: Any) -> Reply:
    return asyncio.run(ask(app, "POST", "/decide", [body], headers or (HOST, JSON), **how))


def decided(app: Starlette, text: str) -> Any:
    reply = post(app, json.dumps({"text": text}).encode())
    assert reply.status == 200
    assert reply.header("cache-control") == "no-store"
    return reply.json


def scans(app: Starlette) -> Any:
    return asyncio.run(ask(app, "GET", "/decide", headers=[HOST])).json


def test_a_pass_is_decided_as_scan_does_and_one_memory_serves_all_requests(
    app: Starlette, device: VenueDevice
) -> None:
    code = device.world.code(NOON)
    hint = device.world.holder
    assert decided(app, code) == ADMITTED | {"holder": hint}
    again = decided(app, code)
    assert (again["outcome"], again["reason"], again["helpdesk"]) == (
        "refuse",
        "already_shown",
        "Q15",
    )


def test_what_a_turnstile_s_scanner_has_done_to_a_code_is_undone(
    app: Starlette, device: VenueDevice
) -> None:
    assert decided(app, typed_on(RUSSIAN, device.world.code(NOON)))["outcome"] == "admit"
    assert decided(app, device.world.paper(NOON).lower())["reason"] == "no_code"


def test_scans_are_counted_in_tens_and_a_refused_request_is_none(app: Starlette) -> None:
    assert scans(app) == {"scans": 0}
    post(app, b"{}")
    assert scans(app) == {"scans": 0}
    decided(app, "a menu")
    assert scans(app) == {"scans": 10}
    for _ in range(10):
        decided(app, "a menu")
    assert scans(app) == {"scans": 20}


@pytest.mark.parametrize("host", ["localhost", "localhost:8001", "127.0.0.1", "[::1]:8001"])
def test_this_machine_has_several_names(app: Starlette, host: str) -> None:
    assert post(app, b'{"text": ""}', ("Host", host), JSON).status == 200


@pytest.mark.parametrize(
    "headers",
    [
        (("Host", "venue.example:8001"), JSON),
        (("Host", "localhost.example"), JSON),
        (("Host", "192.0.2.1"), JSON),
        (("Host", ""), JSON),
        (JSON,),
        (HOST, HOST, JSON),
        (HOST, JSON, ("Origin", "http://127.0.0.1:8001")),
        (HOST, JSON, ("Origin", "null")),
        (HOST, ("Content-Type", "text/plain")),
        (HOST, ("Content-Type", "application/x-www-form-urlencoded")),
        (HOST,),
    ],
)
def test_pages_of_the_web_and_other_machines_are_refused(
    app: Starlette, headers: tuple[Header, ...]
) -> None:
    reply = post(app, b'{"text": "a menu"}', *headers)
    assert (reply.status, b"menu" in reply.body) == (403, False)
    assert scans(app) == {"scans": 0}


def test_who_comes_from_elsewhere_is_refused_whatever_it_calls_this_machine(
    app: Starlette,
) -> None:
    assert post(app, b'{"text": ""}', address="192.0.2.1").status == 403
    assert post(app, b'{"text": ""}', address=None).status == 403
    assert asyncio.run(ask(app, "GET", "/decide", headers=[("Host", "a.example")])).status == 403


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b'{"text": 1}', b'{"text": null}', b'{"text": "a", "text": "b"}']
)
def test_another_body_is_told_what_to_send(app: Starlette, body: bytes) -> None:
    reply = post(app, body)
    assert (reply.status, reply.body) == (400, 'send {"text": "QP1:…"}'.encode())


def test_a_body_that_holds_no_code_is_not_read_to_its_end(app: Starlette) -> None:
    assert post(app, b"0" * (BODY_LIMIT + 1)).status == 413


def test_where_nothing_can_be_decided_it_is_said_what_to_do(tmp_path: Path) -> None:
    def decide(_: str) -> dict[str, Any]:
        raise CommandError("run: qupia-verifier setup")

    reply = post(app_of(tmp_path, decide), b'{"text": ""}')
    assert (reply.status, reply.body) == (503, b"run: qupia-verifier setup")


def test_without_the_option_there_is_nothing_of_the_kind(tmp_path: Path) -> None:
    app = create_app(tmp_path)
    assert asyncio.run(ask(app, "GET", "/decide", headers=[HOST])).status == 404


def test_nothing_of_a_code_is_written(
    app: Starlette, device: VenueDevice, capfd: pytest.CaptureFixture[str]
) -> None:
    code = device.world.code(NOON)
    decided(app, code)
    decided(app, code[:-1])
    assert capfd.readouterr() == ("", "")


def test_it_needs_a_set_up(run: Run) -> None:
    refused = run("serve", "--decide")
    assert refused.status == 2
    assert "qupia-verifier setup" in refused.error


def test_the_command_decides_with_the_device_s_home(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, bundle = World(hint="month"), tmp_path / "bundle.jws"
    bundle.write_bytes(world.bundle(NOON))
    assert run("setup", bundle, "--root", world.pin).status == 0
    decisions: list[Any] = []

    def serve_page(*_: object, decide: Callable[[str], Any], **__: object) -> None:
        decisions.append(decide(world.code(NOON)))

    monkeypatch.setattr("verifier.serving.serve_page", serve_page)
    assert run("serve", "--decide").status == 0
    assert decisions == [ADMITTED]
