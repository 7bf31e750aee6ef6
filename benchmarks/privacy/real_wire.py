"""The network between real wallets and one real issuer, in one process: every byte, no socket.

Requests leave ``shell.fetching.send`` as they do on a phone, and answers leave the protocol that
``serve`` runs, in the configuration that it gives it. What a listener under TLS would count is
therefore counted on the bytes themselves.
"""

import asyncio
import random
import socket
import ssl
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from unittest.mock import patch

import httptools
import httpx
import uvicorn
from starlette.types import ASGIApp
from uvicorn.server import ServerState

from schemas import jws
from schemas.jws import parse_json_object
from shell import fetching
from shell.fetching import Answer
from shell.serving import Listen, serve_app
from wallet_sim.fetching.client import Send


@dataclass
class Moment:
    """The one clock of an experiment, Unix seconds; it never goes back."""

    now: float

    def __call__(self) -> int:
        """What a clock that is right shows."""
        return int(self.now)

    def reach(self, moment: float) -> None:
        self.now = max(self.now, moment)


@dataclass(frozen=True)
class Request:
    """What issuer and network can log of one request, and three things for its evaluation only.

    ``sent`` and ``answered`` are the lengths of what was written at once, in bytes: a TLS record
    each. ``iat`` is that of the DPoP proof, None without one. Only the evaluation knows ``wallet``,
    whether its owner ``asked`` for this, and how it was refused (``code``, empty if it was not).
    """

    moment: float
    method: str
    path: str
    address: str
    sent: tuple[int, ...]
    answered: tuple[int, ...]
    status: int
    iat: int | None
    wallet: int
    asked: bool
    code: str = ""

    @property
    def is_of_wallet(self) -> bool:
        """Whether it was made in the name of an account key."""
        return self.iat is not None


@dataclass
class Wire:
    """``requests`` is the log. Each request takes a fraction of a second there and back.

    ``asking`` is true while somebody waits who asked for it, and ``latest`` has for each wallet
    when it asked last.
    """

    app: ASGIApp
    moment: Moment
    chance: random.Random
    requests: list[Request] = field(default_factory=list)
    asking: bool = False
    latest: dict[int, float] = field(default_factory=dict)
    _wallet: int = -1

    def __post_init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._config = configuration(self.app)
        self._protocol: Any = self._config.http_protocol_class

    def send_as(self, wallet: int) -> Send:
        """What a wallet with this number is handed as its network."""

        def send(
            method: str,
            url: str,
            *,
            limit: int,
            body: bytes | None = None,
            headers: Mapping[str, str] | None = None,
        ) -> Answer:
            self._wallet = wallet
            return fetching.send(method, url, limit=limit, body=body, headers=headers)

        return send

    @contextmanager
    def connected(self) -> Iterator[None]:
        """While it lasts, whatever this process sends over HTTP comes here."""
        context = ssl.create_default_context()
        client = partial(httpx.Client, transport=_Transport(self))
        with ExitStack() as stack:
            stack.callback(self._loop.close)
            stack.enter_context(patch.object(httpx, "Client", client))
            # Reading the authorities of the machine anew takes longer than all the rest.
            stack.enter_context(patch.object(ssl, "create_default_context", lambda: context))
            yield

    def carry(self, request: httpx.Request) -> httpx.Response:
        """Send a request on, wait for the answer, and log both."""
        head, body = _head(request), request.read()
        self._pass_time()
        arrived, address = self.moment.now, f"198.51.100.{self._wallet + 1}"
        answer = self._loop.run_until_complete(self._exchange([head + body], address))
        proof = request.headers.get("DPoP")
        self.requests.append(
            Request(
                moment=arrived,
                method=request.method,
                path=request.url.path,
                address=address,
                sent=(len(head) + len(body),),
                answered=tuple(map(len, answer.writes)),
                status=answer.status,
                iat=None if proof is None else jws.parse(proof).unverified_payload["iat"],
                wallet=self._wallet,
                asked=self.asking,
                code=answer.code,
            )
        )
        self._pass_time()
        self.latest[self._wallet] = self.moment.now
        return httpx.Response(
            answer.status, headers=answer.headers, stream=httpx.ByteStream(answer.body)
        )

    def _pass_time(self) -> None:
        self.moment.reach(self.moment.now + self.chance.uniform(0.02, 0.3))

    async def _exchange(self, written: Sequence[bytes], address: str) -> "_Answer":
        protocol = self._protocol(config=self._config, server_state=ServerState(), app_state={})
        answer = _Answer()
        protocol.connection_made(_Transported(answer, address))
        for data in written:
            protocol.data_received(data)
        await answer.complete.wait()
        protocol.connection_lost(None)
        return answer


def configuration(app: ASGIApp) -> uvicorn.Config:
    """How ``serve`` would serve ``app``: its own configuration, taken before it listens."""
    taken: list[uvicorn.Config] = []

    class Server:
        def __init__(self, config: uvicorn.Config) -> None:
            taken.append(config)

        def run(self, sockets: Sequence[socket.socket]) -> None:
            for one in sockets:
                one.close()

    with patch.object(uvicorn, "Server", Server):
        serve_app(lambda: app, Listen("127.0.0.1", 0), ready=lambda: None)
    [config] = taken
    config.load()
    return config


class _Transport(httpx.BaseTransport):
    """Below httpx, in the place of a connection."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return self._wire.carry(request)


def _head(request: httpx.Request) -> bytes:
    """Request line and headers as HTTP/1.1 has them (RFC 9112 section 3)."""
    lines = [f"{request.method} {request.url.raw_path.decode()} HTTP/1.1".encode()]
    lines += [name + b": " + value for name, value in request.headers.raw]
    return b"\r\n".join(lines) + b"\r\n\r\n"


class _Answer:
    """An answer as it comes, write by write; ``complete`` is set at its end."""

    def __init__(self) -> None:
        self.writes: list[bytes] = []
        self.headers: list[tuple[bytes, bytes]] = []
        self.body = b""
        self.complete = asyncio.Event()
        self._parser = httptools.HttpResponseParser(self)

    @property
    def status(self) -> int:
        return self._parser.get_status_code()

    @property
    def code(self) -> str:
        """Of a refusal; empty else."""
        if self.status == 200:
            return ""
        return str(parse_json_object(self.body).get("code", ""))

    def write(self, data: bytes) -> None:
        self.writes.append(data)
        self._parser.feed_data(data)

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers.append((name, value))

    def on_body(self, body: bytes) -> None:
        self.body += body

    def on_message_complete(self) -> None:
        self.complete.set()


class _Transported(asyncio.Transport):
    """What the server's protocol takes for a connection from ``address``."""

    def __init__(self, answer: _Answer, address: str) -> None:
        super().__init__({"peername": (address, 50_000), "sockname": ("192.0.2.1", 443)})
        self._answer = answer

    def write(self, data: bytes) -> None:  # type: ignore[override]
        self._answer.write(bytes(data))

    def writelines(self, parts: Any) -> None:
        self._answer.write(b"".join(parts))

    def is_closing(self) -> bool:
        return False

    def close(self) -> None:
        self._answer.complete.set()

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        pass

    def pause_reading(self) -> None:
        pass

    def resume_reading(self) -> None:
        pass
