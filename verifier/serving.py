"""``qupia-verifier serve``: the venue's page as files, and decisions where they are wanted."""

import re
from collections.abc import Callable
from functools import partial
from os import PathLike, stat_result
from pathlib import Path

from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Mount
from starlette.staticfiles import NotModifiedResponse, StaticFiles
from starlette.types import Scope

from schemas.origins import is_loopback
from shell.errors import CommandError
from shell.last_resort import LastResort
from shell.serving import Listen, serve_app
from verifier.deciding import Decide, decide_route

PAGE = Path(__file__).parent / "web" / "dist"
"""Where ``make page`` builds it."""

_START = "index.html"

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self' 'wasm-unsafe-eval'",
        "style-src 'self'",
        "img-src 'self' blob:",
        "media-src 'self' blob:",
        "worker-src 'self'",
        "manifest-src 'self'",
        # Whose bundle to fetch is chosen at the set-up; http is for an issuer on this machine.
        "connect-src 'self' https: http://localhost:* http://127.0.0.1:*",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
"""What the page may do (CSP level 3). The page itself carries the same for other hosts, without
``frame-ancestors``, which counts in a header only."""

_USED = ("camera", "screen-wake-lock")
_UNUSED = (
    "accelerometer",
    "display-capture",
    "geolocation",
    "gyroscope",
    "hid",
    "idle-detection",
    "magnetometer",
    "microphone",
    "midi",
    "payment",
    "serial",
    "usb",
)
PERMISSIONS_POLICY = ", ".join(
    [f"{name}=(self)" for name in _USED] + [f"{name}=()" for name in _UNUSED]
)

HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Permissions-Policy": PERMISSIONS_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
"""On every answer."""

STRICT_TRANSPORT = {"Strict-Transport-Security": "max-age=31536000"}
"""A year of nothing but TLS for this host (RFC 6797)."""

MEDIA_TYPES = {
    ".css": "text/css",
    ".html": "text/html",
    ".ico": "image/x-icon",
    ".js": "text/javascript",
    ".json": "application/json",
    ".mjs": "text/javascript",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain",
    ".wasm": "application/wasm",
    ".webmanifest": "application/manifest+json",
    ".webp": "image/webp",
    ".woff2": "font/woff2",
}
"""Ours, because a machine's own table may know some of them otherwise or not at all."""

_HASHED = re.compile(r"assets/.*-[\w-]{8}\.\w+")
"""How the build names what never changes: eight letters of a hash before the suffix."""

FOREVER = "public, max-age=31536000, immutable"
ASK_AGAIN = "no-cache"

GZIP_LEVEL = 6
"""Level 9 takes half as long again for the largest file and saves 0.3 per cent more of it."""


class PageFiles(StaticFiles):
    """The files of the built page: fixed types, a time to keep each, and one way to be missing."""

    def get_path(self, scope: Scope) -> str:
        path = super().get_path(scope)
        return _START if path == "." else path

    async def get_response(self, path: str, scope: Scope) -> Response:
        try:
            return await super().get_response(path, scope)
        except (OSError, HTTPException) as error:
            if isinstance(error, HTTPException) and error.status_code == 405:
                raise
            # Unreadable is missing too; a file that comes with the next build must not stay so.
            raise HTTPException(404, headers={"Cache-Control": ASK_AGAIN}) from None

    def file_response(
        self,
        full_path: str | PathLike[str],
        stat_result: stat_result,
        scope: Scope,
        status_code: int = 200,
    ) -> Response:
        path = Path(full_path)
        response = FileResponse(
            path,
            status_code=status_code,
            stat_result=stat_result,
            media_type=MEDIA_TYPES.get(path.suffix, "application/octet-stream"),
            headers={"Cache-Control": self._time_to_keep(path)},
        )
        if self.is_not_modified(response.headers, Headers(scope=scope)):
            return NotModifiedResponse(response.headers)
        return response

    def _time_to_keep(self, path: Path) -> str:
        # Starlette hands out real paths, and the folder itself may lie behind a link.
        name = path.relative_to(Path(str(self.directory)).resolve()).as_posix()
        return FOREVER if _HASHED.fullmatch(name) else ASK_AGAIN


def create_app(page: Path, decide: Decide | None = None) -> Starlette:
    """The application over the folder of a built page; its headers are :data:`HEADERS`.

    With ``decide`` programs on this machine get decisions; without it a device is not read.
    """
    routes = [] if decide is None else [decide_route(decide)]
    return Starlette(
        routes=[*routes, Mount("/", PageFiles(directory=page))],
        middleware=[
            Middleware(LastResort, answer=PlainTextResponse("Failed", status_code=500)),
            Middleware(GZipMiddleware, compresslevel=GZIP_LEVEL),
        ],
    )


def serve_page(
    page: Path, listen: Listen, *, ready: Callable[[], None], decide: Decide | None = None
) -> None:
    """Serve until stopped; ``ready`` is called once the port is ours.

    Raises CommandError for a page that is not built, and for a port or TLS file that cannot be
    used.
    """
    if not (page / _START).is_file():
        raise CommandError("the page is not built; run: make page")
    # For "localhost" it would hold for every other program on this machine as well.
    is_strict = listen.is_tls and not is_loopback(listen.host)
    headers = HEADERS | STRICT_TRANSPORT if is_strict else HEADERS
    serve_app(partial(create_app, page, decide), listen, ready=ready, headers=headers, dated=True)
