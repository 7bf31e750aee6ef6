import socket
from contextlib import closing

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
