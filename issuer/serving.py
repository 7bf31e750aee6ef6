"""``qupia-issuer serve``: one or more processes over one home."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from starlette.applications import Starlette

from issuer.api.app import Background, create_app
from issuer.api.background import run_rounds
from issuer.authority import Authority
from issuer.console.app import console_routes
from issuer.console.public import public_routes
from issuer.home import Home
from shell.clock import Clock, system_clock
from shell.parents import end_with_parent
from shell.serving import Listen, serve_app
from shell.uniform import STEP_SECONDS


@dataclass(frozen=True)
class AppFactory:
    """Opens the home in each serving process; answers to wallets leave at multiples of ``step``.

    A worker whose supervisor was killed would keep the port from the next one.
    """

    home: Path
    step: float = STEP_SECONDS

    def __call__(self) -> Starlette:
        end_with_parent()
        authority = Authority.open(Home(self.home))
        return create_all(authority, system_clock, background=run_rounds, step=self.step)


def create_all(
    authority: Authority,
    clock: Clock,
    *,
    background: Background | None = None,
    step: float = STEP_SECONDS,
) -> Starlette:
    """The API, the console and the public pages over one opened home."""
    pages = [*console_routes(authority, clock), *public_routes(authority, clock)]
    return create_app(authority, clock, background=background, pages=pages, step=step)


def serve(home: Path, listen: Listen, *, ready: Callable[[], None]) -> None:
    """Serve until stopped; ``ready`` is called once the port is ours.

    Raises CommandError for a port or TLS file that cannot be used.
    """
    serve_app(AppFactory(home), listen, ready=ready)
