"""Uploads that arrive slowly take the memory of two, and no more."""

import asyncio
from typing import Any

from issuer.intake.job_files import MOST_JOBS
from issuer.staff import Role
from tests.support.clerk import Clerk
from tests.support.issuers import Service

BOUNDARY = "a-boundary"
BEGINNING = (
    f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="x"\r\n\r\nA;B'
).encode()


async def upload(clerk: Clerk, ended: asyncio.Event, begun: list[None]) -> int:
    """Begin an upload that goes on until ``ended``; the status of the answer."""
    statuses: list[int] = []

    async def receive() -> dict[str, Any]:
        if not begun or not ended.is_set():
            begun.append(None)
            if len(begun) % 2:
                return {"type": "http.request", "body": BEGINNING, "more_body": True}
            await ended.wait()
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    headers = {
        "host": clerk.origin.partition("://")[2],
        "origin": clerk.origin,
        "content-type": f"multipart/form-data; boundary={BOUNDARY}",
        "cookie": "; ".join(f"{name}={value}" for name, value in clerk.cookies.items()),
    }
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/console/upload",
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        "client": ("192.0.2.1", 1),
        "scheme": "http",
    }
    await clerk.app(scope, receive, send)
    return statuses[0]


def test_a_third_upload_is_refused_while_two_arrive(issuer: Service) -> None:
    clerk = Clerk.of(issuer, Role.REGISTRAR)

    async def story() -> tuple[int, list[int]]:
        ended = asyncio.Event()
        begun: list[list[None]] = [[] for _ in range(MOST_JOBS)]
        slow = [asyncio.create_task(upload(clerk, ended, mine)) for mine in begun]
        while not all(len(mine) >= 2 for mine in begun):
            await asyncio.sleep(0.01)
        third = await upload(clerk, ended, [])
        ended.set()
        return third, await asyncio.gather(*slow)

    third, others = asyncio.run(story())
    assert third == 409
    # They ended in the middle of the file.
    assert others == [400] * MOST_JOBS
