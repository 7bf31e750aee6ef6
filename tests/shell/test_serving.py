"""The shared edge in a real process: what it binds, what it says, and what it lets in."""

import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from shell.errors import CommandError
from shell.http_bounds import HEAD_LIMIT
from shell.serving import Listen, serve_app
from tests.support.certificates import certificate
from tests.support.servers import ended_by, free_port, heard
from tests.support.waiting import PATIENCE

pytestmark = pytest.mark.process

ANSWERED = b"HTTP/1.1 200"

PROGRAM = """
import sys
from starlette.responses import PlainTextResponse
from shell.serving import Listen, serve_app

def make():
    async def app(scope, receive, send):
        if scope["type"] == "http":
            while (await receive()).get("more_body"):
                pass
            await PlainTextResponse("here")(scope, receive, send)
        else:
            await receive()
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await send({"type": "lifespan.shutdown.complete"})
    return app

listen = Listen("127.0.0.1", int(sys.argv[1]))
headers = {"X-Edge": "yes"}
serve_app(make, listen, ready=lambda: print("ready", flush=True), headers=headers, dated=True)
"""


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """Where an application that says ``here`` is served."""
    port = free_port()
    with heard([sys.executable, "-c", PROGRAM, str(port)]) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield port
        _, _, errors = ended_by(process, signal.SIGTERM)
    assert set(errors.splitlines()) <= {"WARNING:  Invalid HTTP request received."}


def said(port: int, *parts: bytes) -> bytes:
    """What comes back for these bytes until the connection ends; empty when it is just closed."""
    with closing(socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)) as line:
        try:
            for part in parts:
                line.sendall(part)
            return b"".join(iter(lambda: line.recv(65_536), b""))
        except ConnectionError:
            return b""


def request(pad: int = 0, body: bytes = b"") -> bytes:
    return (
        b"POST / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        b"Content-Length: %d\r\nX-Pad: %s\r\n\r\n%s" % (len(body), b"x" * pad, body)
    )


def test_an_answer_has_the_edges_headers_and_a_date_but_no_name_of_the_server(port: int) -> None:
    answer = said(port, request())
    head = answer.partition(b"\r\n\r\n")[0].lower()
    assert answer.startswith(ANSWERED) and answer.endswith(b"here")
    assert b"\r\nx-edge: yes" in head and b"\r\ndate: " in head
    assert b"\r\nserver:" not in head


def test_what_is_no_http_is_answered_with_the_same_headers(port: int) -> None:
    answer = said(port, b"garbage\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 400")
    assert b"x-edge: yes" in answer.lower()


def test_a_head_of_reasonable_size_is_read(port: int) -> None:
    assert said(port, request(pad=8_000)).startswith(ANSWERED)


def test_an_endless_head_is_cut_off(port: int) -> None:
    begin, end = request().split(b"X-Pad: ")
    assert not said(port, begin, b"X-Pad: ", *[b"x" * 30_000] * 64, end).startswith(ANSWERED)


def test_a_body_and_later_requests_do_not_count_as_head(port: int) -> None:
    again = request(body=b"b" * HEAD_LIMIT).replace(b"Connection: close\r\n", b"")
    assert said(port, again, again, again, request()).count(b"here") == 4


def test_one_tls_file_without_the_other_is_refused(tmp_path: Path) -> None:
    cert, key = certificate(tmp_path)
    for files in ((cert, None), (None, key)):
        with pytest.raises(CommandError) as refused:
            serve_app(dict, Listen("127.0.0.1", free_port(), *files), ready=pytest.fail)  # type: ignore[arg-type] # Never called.
        assert refused.value.message == "--tls-cert and --tls-key belong together"


@pytest.mark.parametrize(
    ("host", "tls", "address"),
    [
        ("127.0.0.1", False, "http://127.0.0.1:8001"),
        ("::1", False, "http://[::1]:8001"),
        ("door.example", True, "https://door.example:8001"),
    ],
)
def test_an_address_is_what_a_browser_takes(host: str, tls: bool, address: str) -> None:
    files = (Path("cert.pem"), Path("key.pem")) if tls else (None, None)
    assert Listen(host, 8001, *files).address == address
