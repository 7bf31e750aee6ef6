"""Pictures of a venue's code, from the camera of this device or chosen by its owner.

The browser sends them to this program on the same device, which reads them in memory and answers
with the text of the code. Nothing is kept of them, and nothing is done: checking in takes a form.
"""

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from schemas.check_in import PREFIX
from shell.pages import HEADERS
from shell.pictures import codes_in
from wallet_sim.web.forms import Forms

FORM_HEADER = "qupia-form"
"""The id of the form on the page that sends pictures: other pages know none."""

FRAME_LIMIT = 2_000_000
"""Bytes. The page sends pictures of 1,280 pixels, which take a tenth of that."""

FRAME_PIXELS = 4_000_000


def frame_reader(forms: Forms) -> Callable[[Request], Awaitable[Response]]:
    """``POST /p/N/frame``: ``{"code": text or null, "other": whether there is another code}``."""

    async def endpoint(request: Request) -> Response:
        if not forms.is_of(request.path_params["person"], request.headers.get(FORM_HEADER, "")):
            return _answer({}, 403)
        picture = await _picture(request)
        if picture is None:
            return _answer({}, 413)
        return _answer(await run_in_threadpool(_read, picture))

    return endpoint


def _read(picture: bytes) -> dict[str, Any]:
    """Two different codes of venues in one picture are none: a person has to choose."""
    codes = codes_in(picture, pixels=FRAME_PIXELS)
    found = {code for code in codes if code.startswith(PREFIX)}
    code = found.pop() if len(found) == 1 else None
    return {"code": code, "other": code is None and bool(codes)}


async def _picture(request: Request) -> bytes | None:
    """What was sent; None when it is too large."""
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > FRAME_LIMIT:
                return None
    except ClientDisconnect:
        return b""
    return bytes(body)


def _answer(members: dict[str, Any], status: int = 200) -> Response:
    return JSONResponse(members, status_code=status, headers=HEADERS)
