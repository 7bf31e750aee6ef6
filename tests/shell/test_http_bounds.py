"""Answers leave in one piece, although head and body are written apart."""

import asyncio
from typing import Any, cast

from shell.http_bounds import JoiningTransport


class Wire:
    """Keeps what is written, and whether it is closed."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []
        self.closed_after: int | None = None

    def write(self, data: bytes) -> None:
        self.pieces.append(data)

    def close(self) -> None:
        self.closed_after = len(self.pieces)

    def get_extra_info(self, name: str) -> str:
        return f"the {name}"


async def written(*pieces: bytes, close: bool = False) -> Wire:
    wire = Wire()
    transport = JoiningTransport(cast("asyncio.Transport", wire))
    for piece in pieces:
        transport.write(piece)
    if close:
        transport.close()
    await asyncio.sleep(0)
    return wire


def test_what_is_written_in_one_turn_leaves_in_one_piece() -> None:
    assert asyncio.run(written(b"head", b"body")).pieces == [b"headbody"]


def test_what_is_written_in_two_turns_leaves_in_two() -> None:
    async def twice() -> Any:
        wire = Wire()
        transport = JoiningTransport(cast("asyncio.Transport", wire))
        for piece in (b"one", b"two"):
            transport.write(piece)
            await asyncio.sleep(0)
        return wire.pieces

    assert asyncio.run(twice()) == [b"one", b"two"]


def test_nothing_is_lost_when_the_connection_is_closed_right_after() -> None:
    wire = asyncio.run(written(b"head", b"body", close=True))
    assert (wire.pieces, wire.closed_after) == ([b"headbody"], 1)


def test_all_else_is_the_transports_own() -> None:
    async def peer() -> str:
        transport = JoiningTransport(cast("asyncio.Transport", Wire()))
        return str(transport.get_extra_info("peername"))

    assert asyncio.run(peer()) == "the peername"
