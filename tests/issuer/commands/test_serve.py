"""``qupia-issuer serve`` as it is typed: ports, addresses and files that cannot be."""

import socket
from pathlib import Path

import pytest

from tests.support.commands import Run
from tests.support.issuers import NOON, MovableClock, Service


@pytest.mark.process
def test_serve_past_the_sunset_deletes_what_is_left(
    at_home: Run, issuer: Service, clock: MovableClock
) -> None:
    issuer.activated(evidence="vaccinated_full").end()
    clock.now = issuer.authority.sunset
    assert at_home("serve").status == 1
    assert list(issuer.home.keys.iterdir()) == []
    assert {entry.held for entry in issuer.authority.store.census(NOON)} == {0}


def test_a_port_that_is_taken_is_one_line(at_home: Run) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        outcome = at_home("serve", "--port", str(port), "--json")
    assert outcome.status == 2
    assert outcome.error == (
        f"cannot listen on 127.0.0.1:{port} (Address already in use); choose another --port"
    )


@pytest.mark.parametrize("port", ["0", "65536", "-1", "http"])
def test_a_port_is_a_number_in_its_range(at_home: Run, port: str) -> None:
    outcome = at_home("serve", "--port", port)
    assert outcome.status == 2
    assert outcome.error.startswith("Invalid value for '--port'")


def test_an_address_of_another_machine_cannot_be_used(at_home: Run) -> None:
    outcome = at_home("serve", "--host", "192.0.2.1", "--port", "18999")
    assert outcome.status == 2
    assert outcome.error.startswith("cannot listen on 192.0.2.1:18999 (")


@pytest.mark.parametrize(
    ("names", "line"),
    [
        (["--tls-cert", "cert.pem"], "--tls-cert and --tls-key belong together"),
        (["--tls-key", "key.pem"], "--tls-cert and --tls-key belong together"),
        (["--tls-cert", "no.pem", "--tls-key", "no.pem"], "the TLS files cannot be used; give a"),
        (["--tls-cert", "text", "--tls-key", "text"], "the TLS files cannot be used; give a PEM"),
    ],
)
def test_wrong_tls_files_are_one_line(
    at_home: Run, tmp_path: Path, names: list[str], line: str
) -> None:
    (tmp_path / "text").write_text("no certificate")
    paths = [name if name.startswith("--") else str(tmp_path / name) for name in names]
    outcome = at_home("serve", *paths)
    assert outcome.status == 2
    assert outcome.error.startswith(line)
