"""``serve`` as a process: the port, TLS, workers, what it writes and how it is stopped."""

import json
import os
import signal
import socket
import ssl
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, suppress
from pathlib import Path

import pytest

from shell.clock import system_clock
from shell.errors import CommandError
from shell.fetching import Answer, send
from tests.support.certificates import certificate
from tests.support.issuers import Service, pool_keys
from tests.support.servers import PROGRAMS, ended_by, free_port, heard
from tests.support.texts import to_json
from tests.support.waiting import PATIENCE, wait_until

PROGRAM = PROGRAMS / "qupia-issuer"


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Service]:
    """A home founded now for an address on this machine; nothing serves it yet."""
    with pool_keys():
        url = f"http://127.0.0.1:{free_port()}"
        service = Service.found(tmp_path / "issuer", now=system_clock(), url=url)
    service.home.root_key.rename(tmp_path / "ROOT.pem")
    yield service
    service.close()


def serving(
    service: Service, *arguments: str | Path
) -> AbstractContextManager[subprocess.Popen[str]]:
    """Run ``serve`` until the block ends; :func:`get` waits until it answers."""
    command = [PROGRAM, "serve", "--home", service.home.path, "--json", *arguments]
    return heard(command)


def get(url: str, **headers: str) -> Answer:
    """Ask until the service answers."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    answers: list[Answer] = []

    def is_answered() -> bool:
        with suppress(CommandError):
            answers.append(send("GET", url, limit=100_000, headers=named))
        return bool(answers)

    wait_until(is_answered, f"an answer of {url}")
    return answers[0]


def post(service: Service, path: str, members: dict[str, object], proof: str) -> Answer:
    url = service.authority.config.url + path
    return send("POST", url, limit=256_000, body=to_json(members), headers={"DPoP": proof})


def test_a_wallet_gets_its_passes_over_http_and_nothing_is_logged(served: Service) -> None:
    url = served.authority.config.url
    wallet, code = served.wallet(), served.code(reference="880317300134")
    with serving(served) as process:
        assert get(url + "/healthz").status == 200
        body: dict[str, object] = {"code": code}
        answer = post(
            served, "/v1/entitlements", body, wallet.proof("/v1/entitlements", to_json(body))
        )
        assert answer.status == 200
        wallet.entitlement = json.loads(answer.body)["entitlement"]
        batch = wallet.batch(served.pass_key(wallet))
        body = {"entitlement": wallet.entitlement, "batches": [batch]}
        answer = post(served, "/v1/passes", body, wallet.proof("/v1/passes", to_json(body)))
        assert len(json.loads(answer.body)["batches"][0]["signatures"]) == 8
        assert post(served, "/v1/me", {"a": code}, "wrong").status == 401
        status, out, err = ended_by(process, signal.SIGINT)
    port = int(url.rpartition(":")[2])
    assert (status, err) == (0, "")
    assert json.loads(out) == {"url": url, "host": "127.0.0.1", "port": port}


def test_figures_are_for_this_machine_and_not_for_who_comes_by_a_proxy(served: Service) -> None:
    url = served.authority.config.url
    with serving(served):
        assert get(url + "/metrics").status == 200
        assert get(url + "/metrics", x_forwarded_for="192.0.2.1").status == 401


def test_missing_keys_are_made_while_it_serves(served: Service) -> None:
    url = served.authority.config.url
    for path in served.home.pass_keys.iterdir():
        path.unlink()
    served.home.bundle.unlink()
    with serving(served):
        wait_until(lambda: get(url + "/healthz").status != 503, "an end of making keys")
        assert get(url + "/healthz").status == 200
    assert len(list(served.home.pass_keys.iterdir())) == 8


def test_two_workers_serve_one_home_with_tls(served: Service, tmp_path: Path) -> None:
    cert, key = certificate(tmp_path)
    port = int(served.authority.config.url.rpartition(":")[2])
    context = ssl.create_default_context(cafile=cert)
    context.check_hostname = False

    def health() -> bytes:
        address = ("127.0.0.1", port)
        with (
            socket.create_connection(address, timeout=PATIENCE) as plain,
            context.wrap_socket(plain) as line,
        ):
            line.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            return line.recv(20)

    options = ("--workers", "2", "--tls-cert", cert, "--tls-key", key)
    with serving(served, *options) as process:
        answers: list[bytes] = []

        def is_answered() -> bool:
            with suppress(OSError):
                answers.append(health())
            return any(answers)

        wait_until(is_answered, "an answer")
        assert answers[-1].startswith(b"HTTP/1.1 200")
        status, _, err = ended_by(process, signal.SIGTERM)
    assert (status, err) == (0, "")


def _read_terminal(terminal: int) -> bytes:
    """Everything until its other end is closed, which Linux reports as an error."""
    shown = b""
    with suppress(OSError):
        while part := os.read(terminal, 4096):
            shown += part
    os.close(terminal)
    return shown


def test_progress_goes_to_the_terminal_and_one_object_to_standard_output(
    served: Service, tmp_path: Path
) -> None:
    for path in served.home.pass_keys.iterdir():
        path.unlink()
    terminal, other_end = os.openpty()
    with ThreadPoolExecutor(1) as reader:
        # Read while it is written: a terminal takes only so much, and gives it back in parts.
        reading = reader.submit(_read_terminal, terminal)
        try:
            ended = subprocess.run(
                [PROGRAM, "keys", "make", "--home", served.home.path, "--json"],
                stdout=subprocess.PIPE,
                stderr=other_end,
                env=os.environ | {"TERM": "xterm"},
                timeout=PATIENCE,
                check=True,
            )
        finally:
            os.close(other_end)
        shown = reading.result()
    assert json.loads(ended.stdout) == {
        "made": 8,
        "published": True,
        "waits_for_witnesses": False,
    }
    assert b"keys" in shown and b"8/8" in shown


def test_a_port_that_is_taken_is_one_line(served: Service) -> None:
    port = int(served.authority.config.url.rpartition(":")[2])
    with socket.socket() as other:
        other.bind(("127.0.0.1", port))
        other.listen()
        ended = subprocess.run(
            [PROGRAM, "serve", "--home", served.home.path],
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr == (
        f"error: cannot listen on 127.0.0.1:{port} (Address already in use); "
        "choose another --port\n"
    )
