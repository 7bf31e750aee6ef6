"""``qupia-issuer serve``: uvicorn without an access log, one or more processes over one home."""

import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from uvicorn.supervisors import Multiprocess

from issuer.api.app import create_app
from issuer.api.background import beside
from issuer.api.protocol import BoundedProtocol
from issuer.authority import Authority
from issuer.home import Home
from shell.clock import system_clock
from shell.errors import CommandError
from shell.parents import end_with_parent

TRUSTED_PROXY = ["127.0.0.1", "::1"]
"""Only a proxy on this machine may say whose request it forwards."""

BACKLOG = 512
GRACE_SECONDS = 10


@dataclass(frozen=True)
class Listen:
    """Where to serve; the TLS files are PEM, given both or neither."""

    host: str
    port: int
    workers: int
    tls_cert: Path | None
    tls_key: Path | None


@dataclass(frozen=True)
class AppFactory:
    """Opens the home in each serving process; it travels to them, so it is a plain value.

    A worker whose supervisor was killed would keep the port from the next one.
    """

    home: Path

    def __call__(self) -> Starlette:
        end_with_parent()
        return create_app(Authority.open(Home(self.home)), system_clock, background=beside)


def serve(home: Path, listen: Listen, *, ready: Callable[[], None]) -> None:
    """Serve until stopped; ``ready`` is called once the port is ours.

    Raises CommandError for a port or TLS file that cannot be used.
    """
    _check_tls(listen)
    listener = _bind(listen)
    config = uvicorn.Config(
        AppFactory(home),
        factory=True,
        workers=listen.workers,
        # A log of requests would be a log of people; uvicorn's own errors still show.
        access_log=False,
        log_level="warning",
        http=BoundedProtocol,
        server_header=False,
        date_header=False,
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
    if listen.tls_cert is None and listen.tls_key is None:
        return
    try:
        if listen.tls_cert is None:
            raise ValueError
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(listen.tls_cert, listen.tls_key)
    except (OSError, ValueError):
        raise CommandError(
            "the TLS files cannot be used; give a PEM certificate chain and its key"
        ) from None
