"""Uploads that arrive slowly take the memory of two, and no more."""

import asyncio

from starlette.types import Message

from issuer.intake.job_files import MOST_JOBS
from issuer.staff import Role
from tests.support.asgi import ask, part
from tests.support.clerk import Clerk
from tests.support.issuers import Service

BOUNDARY = "a-boundary"
BEGINNING = (
    f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="x"\r\n\r\nA;B'
).encode()


async def upload(clerk: Clerk, ended: asyncio.Event, begun: list[None]) -> int:
    """Begin an upload that goes on until ``ended``; the status of the answer."""

    async def receive() -> Message:
        if not begun or not ended.is_set():
            begun.append(None)
            if len(begun) % 2:
                return part(BEGINNING, more=True)
            await ended.wait()
        return part(b"")

    headers = {
        "host": clerk.origin.partition("://")[2],
        "origin": clerk.origin,
        "content-type": f"multipart/form-data; boundary={BOUNDARY}",
        "cookie": "; ".join(f"{name}={value}" for name, value in clerk.cookies.items()),
    }
    reply = await ask(
        clerk.app, "POST", "/console/upload", headers=headers.items(), receive=receive
    )
    return reply.status


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
