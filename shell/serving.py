"""Serving HTTP: one socket, TLS, and uvicorn without an access log."""

import socket
import ssl
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp
from uvicorn.supervisors import Multiprocess

from shell.errors import CommandError
from shell.http_bounds import BoundedProtocol

TRUSTED_PROXY = ["127.0.0.1", "::1"]
"""Only a proxy on this machine may say whose request it forwards."""

BACKLOG = 512
GRACE_SECONDS = 10
NO_HEADERS: Mapping[str, str] = {}


@dataclass(frozen=True)
class Listen:
    """Where to serve; the TLS files are PEM, given both or neither."""

    host: str
    port: int
    tls_cert: Path | None = None
    tls_key: Path | None = None
    workers: int = 1

    @property
    def is_tls(self) -> bool:
        return self.tls_cert is not None

    @property
    def address(self) -> str:
        """The origin by which a browser on the same machine reaches it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self.is_tls else 'http'}://{host}:{self.port}"


def serve_app(
    make_app: Callable[[], ASGIApp],
    listen: Listen,
    *,
    ready: Callable[[], None],
    headers: Mapping[str, str] = NO_HEADERS,
    dated: bool = False,
) -> None:
    """Serve until stopped; ``ready`` is called once the port is ours.

    ``make_app`` is called in each serving process; it is pickled for them, so it is a plain value.
    ``headers`` stand on every answer, also on those that the application never sees; ``dated``
    answers carry a Date, which is for applications that give none themselves.
    Raises CommandError for a port or TLS file that cannot be used.
    """
    _check_tls(listen)
    listener = _bind(listen)
    config = uvicorn.Config(
        make_app,
        factory=True,
        workers=listen.workers,
        # A log of requests would be a log of people; uvicorn's own errors still show.
        access_log=False,
        log_level="warning",
        http=BoundedProtocol,
        headers=list(headers.items()),
        server_header=False,
        date_header=dated,
        proxy_headers=True,
        forwarded_allow_ips=TRUSTED_PROXY,
        ssl_certfile=listen.tls_cert,
        ssl_keyfile=listen.tls_key,
        timeout_graceful_shutdown=GRACE_SECONDS,
        lifespan="on",
    )
    ready()
    if listen.workers > 1:
        Multiprocess(config, sockets=[listener]).run()
    else:
        # Ctrl-C is how it is stopped, so that is no failure.
        with suppress(KeyboardInterrupt):
            uvicorn.Server(config).run(sockets=[listener])


def _bind(listen: Listen) -> socket.socket:
    family = socket.AF_INET6 if ":" in listen.host else socket.AF_INET
    # asyncio switches Nagle off only where the protocol is named; without that every answer
    # waits 40 ms for an acknowledgement.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((listen.host, listen.port))
        listener.listen(BACKLOG)
    except (OSError, OverflowError) as error:
        listener.close()
        reason = getattr(error, "strerror", None) or str(error)
        raise CommandError(
            f"cannot listen on {listen.host}:{listen.port} ({reason}); choose another --port"
        ) from None
    listener.set_inheritable(True)
    return listener


def _check_tls(listen: Listen) -> None:
    """Let a wrong certificate fail here, with one line."""
    if (listen.tls_cert is None) != (listen.tls_key is None):
        raise CommandError("--tls-cert and --tls-key belong together")
    if listen.tls_cert is None:
        return
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(listen.tls_cert, listen.tls_key)
    except (OSError, ValueError):
        raise CommandError(
            "the TLS files cannot be used; give a PEM certificate chain and its key"
        ) from None
