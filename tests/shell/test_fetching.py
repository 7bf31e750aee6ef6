import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from threading import Event, Thread

import pytest

from shell.errors import CommandError
from shell.fetching import Answer, send
from tests.support.bundle_server import serving


@pytest.mark.parametrize(
    ("date", "age", "made_at"),
    [
        ("Tue, 17 Mar 2026 07:00:00 GMT", "", 1_773_730_800),
        ("Tue, 17 Mar 2026 07:00:00 GMT", "0", None),
        ("Tue, 17 Mar 2026 07:00:00 GMT", "300", None),
        ("Tue, 17 Mar 2026 12:00:00 +0500", "", None),
        ("Tue, 99 Mar 2026 07:00:00 GMT", "", None),
        ("soon GMT", "", None),
        (" GMT", "", None),
        ("", "", None),
    ],
)
def test_only_a_fresh_answer_tells_the_time(date: str, age: str, made_at: int | None) -> None:
    assert Answer(200, b"", date, age).made_at == made_at


def test_an_answer_is_read_with_its_date() -> None:
    with serving(b"body", 1_773_730_800) as server:
        answer = send("GET", f"{server.origin}/.well-known/qupia/trust-bundle", limit=4)
    assert (answer.status, answer.body, answer.made_at) == (200, b"body", 1_773_730_800)


def test_an_answer_over_the_limit_is_cut_off() -> None:
    with serving(b"body", 0) as server, pytest.raises(CommandError, match="is too large"):
        send("GET", f"{server.origin}/.well-known/qupia/trust-bundle", limit=3)


def test_no_answer_is_one_line_that_names_the_origin_only() -> None:
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        origin = f"http://127.0.0.1:{free.getsockname()[1]}"
    with pytest.raises(CommandError) as error:
        send("GET", f"{origin}/path?secret", limit=1)
    assert error.value.message == (
        f"no answer from {origin}; check the address and the network, then try again"
    )


@contextmanager
def dripping(begin: bytes) -> Iterator[str]:
    """A server that says ``begin`` and then a byte from time to time, for ever; its origin."""
    over = Event()
    with closing(socket.create_server(("127.0.0.1", 0))) as server:

        def drip() -> None:
            with suppress(OSError), closing(server.accept()[0]) as peer:
                peer.sendall(begin)
                while not over.wait(0.02):
                    peer.sendall(b"x")

        thread = Thread(target=drip)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.getsockname()[1]}"
        finally:
            over.set()
            thread.join()


@pytest.mark.parametrize(
    "begin",
    [
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", id="body"),
        pytest.param(b"HTTP/1.1 200 OK\r\nName: ", id="headers"),
        pytest.param(b"", id="nothing at first"),
    ],
)
def test_an_answer_that_comes_little_by_little_is_given_up(begin: bytes) -> None:
    with dripping(begin) as origin, pytest.raises(CommandError, match="no answer from"):
        send("GET", origin, limit=1_000_000, within=0.2)
