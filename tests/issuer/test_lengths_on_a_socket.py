"""A real ``serve`` under TLS, and a listener who counts records and their lengths."""

import json
import socket
import ssl
from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from shell.clock import system_clock
from tests.support.certificates import certificate
from tests.support.issuers import Service, Wallet, pool_keys
from tests.support.servers import PROGRAMS, free_port, heard
from tests.support.texts import to_json
from tests.support.waiting import PATIENCE, wait_until

pytestmark = pytest.mark.process

APPLICATION_DATA = 23
"""RFC 8446 section 5.1; under TLS 1.3 tickets look like it, so they are read before."""


class Listened:
    """A connection under TLS whose records are counted as they arrive."""

    def __init__(self, port: int, cafile: Path) -> None:
        context = ssl.create_default_context(cafile=cafile)
        context.check_hostname = False
        self._line = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        self._in, self._out = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._in, self._out)
        self._raw = bytearray()
        while not self._is_shaken():
            self._receive()
        self._line.sendall(self._out.read())

    def ask(self, request: bytes) -> tuple[list[int], bytes]:
        """The lengths of the records that came back for it, and the body in them."""
        self._raw.clear()
        self._tls.write(request)
        self._line.sendall(self._out.read())
        answer = bytearray()
        while not _is_whole(answer):
            self._receive()
            answer += self._decrypted()
        return list(_records(self._raw)), bytes(answer.partition(b"\r\n\r\n")[2])

    def close(self) -> None:
        self._line.close()

    def _is_shaken(self) -> bool:
        try:
            self._tls.do_handshake()
        except ssl.SSLWantReadError:
            self._line.sendall(self._out.read())
            return False
        return True

    def _receive(self) -> None:
        data = self._line.recv(65_536)
        assert data, "the connection was closed"
        self._raw += data
        self._in.write(data)

    def _decrypted(self) -> bytes:
        read = bytearray()
        while True:
            try:
                read += self._tls.read(65_536)
            except ssl.SSLWantReadError:
                return bytes(read)


def _is_whole(answer: bytearray) -> bool:
    head, found, body = bytes(answer).partition(b"\r\n\r\n")
    declared = head.lower().rpartition(b"content-length: ")[2].partition(b"\r\n")[0]
    return bool(found) and len(body) == int(declared)


def _records(raw: bytearray) -> Iterator[int]:
    at = 0
    while at < len(raw):
        assert raw[at] == APPLICATION_DATA
        length = int.from_bytes(raw[at + 3 : at + 5], "big")
        yield length
        at += 5 + length


@pytest.fixture
def listened(tmp_path: Path) -> Iterator[tuple[Service, Listened]]:
    cert, key = certificate(tmp_path)
    port = free_port()
    with pool_keys():
        url = f"http://127.0.0.1:{port}"
        service = Service.found(tmp_path / "issuer", now=system_clock(), url=url)
    service.home.root_key.rename(tmp_path / "ROOT.pem")
    options = ("--tls-cert", cert, "--tls-key", key, "--json")
    with heard([PROGRAMS / "qupia-issuer", "serve", "--home", service.home.path, *options]):
        wait_until(lambda: _is_listening(port), "a port that listens")
        with closing(Listened(port, cert)) as line:
            line.ask(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
            yield service, line
    service.close()


def _is_listening(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _request(wallet: Wallet, path: str, members: Any) -> bytes:
    body = to_json(members)
    proof = wallet.proof(path, body, iat=system_clock(), jti="j" * 22)
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nDPoP: {proof}\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


def test_each_answer_to_a_wallet_is_one_record_of_its_calls_one_length(
    listened: tuple[Service, Listened],
) -> None:
    service, line = listened
    seen: dict[str, set[tuple[int, ...]]] = defaultdict(set)
    said: dict[str, set[str]] = defaultdict(set)

    def call(wallet: Wallet, path: str, **members: Any) -> dict[str, Any]:
        records, body = line.ask(_request(wallet, path, members))
        answer: dict[str, Any] = json.loads(body)
        seen[path].add(tuple(records))
        said[path].add(answer.get("code", "done"))
        return answer

    def activated(**result: Any) -> Wallet:
        wallet = service.wallet()
        answer = call(wallet, "/v1/entitlements", code=service.code(**result))
        wallet.entitlement = answer["entitlement"]
        return wallet

    def fetch(wallet: Wallet, *ahead: int, label: str = "") -> None:
        batches = [wallet.batch(service.pass_key(wallet, ahead=n), label=label) for n in ahead]
        call(wallet, "/v1/passes", entitlement=wallet.entitlement, batches=batches)

    green, ill = activated(), activated(reference="P1")
    blue = activated(evidence="no_record")
    call(service.wallet(), "/v1/entitlements", code="0000-1111-2222-3333")
    fetch(green, 0)
    fetch(blue, 0, 1)
    fetch(green, 0, label="another")
    service.withdraw("P1", "contact")
    fetch(ill, 0, 1)
    for wallet in (green, blue, ill):
        call(wallet, "/v1/me", entitlement=wallet.entitlement)
    call(service.wallet(), "/v1/me", entitlement=green.entitlement)
    for ending in (green, service.wallet()):
        call(ending, "/v1/me/end", entitlement=green.entitlement)
    fetch(green, 1)

    assert said["/v1/entitlements"] == {"done", "code_unknown"}
    assert said["/v1/passes"] == {"done", "batch_already_issued", "withdrawn", "ended"}
    assert said["/v1/me"] == said["/v1/me/end"] == {"done", "not_allowed"}
    for path, lengths in seen.items():
        assert len(lengths) == 1, (path, lengths)
        [records] = lengths
        assert len(records) == 1, (path, records)
