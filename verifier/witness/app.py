"""The two addresses of a witness (C2SP tlog-witness)."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from schemas.log.notes import KeyType, VerifierKey, cosign, parse_note, parse_vkey
from shell.clock import Clock, system_clock
from shell.last_resort import LastResort
from verifier.witness.files import WitnessFiles
from verifier.witness.judging import (
    NotWitnessed,
    Seen,
    WitnessStatus,
    judge,
    origin_of,
    parse_request,
)

BODY_LIMIT = 64_000
"""Bytes of a request: 63 hashes and a note with sixteen signatures."""


@dataclass(frozen=True)
class WitnessService:
    """Whose key signs, and the logs that it watches, by their origin."""

    files: WitnessFiles
    logs: tuple[VerifierKey, ...]
    clock: Clock = system_clock

    def add_checkpoint(self, body: bytes) -> str:
        """The line of a cosignature; raises NotWitnessed and CommandError."""
        request = parse_request(body)
        key = origin_of(request, {log.name: log for log in self.logs})
        now = self.clock()
        seen = self.files.remember(key.name, lambda before: judge(request, key, before, now))
        return self._line(seen)

    def checkpoint(self, digest: str) -> str | None:
        """The largest checkpoint of a log with its cosignature; None before the first."""
        seen = self.files.by_hash(digest)
        return None if seen is None else seen.note + self._line(seen)

    def _line(self, seen: Seen) -> str:
        text = parse_note(seen.note).text
        return cosign(text, name=self.files.name, key=self.files.key(), at=seen.at).line


@dataclass(frozen=True)
class MakeWitness:
    """Makes the application in each serving process; plain values, so that it can be handed on."""

    home: Path
    name: str
    logs: Sequence[str]

    def __call__(self) -> Starlette:
        keys = tuple(parse_vkey(log, type=KeyType.ED25519) for log in self.logs)
        return create_app(WitnessService(WitnessFiles(self.home, self.name), keys))


def create_app(witness: WitnessService) -> Starlette:
    """The application of a witness."""

    async def add(request: Request) -> Response:
        try:
            body = await _read(request)
            return PlainTextResponse(await run_in_threadpool(witness.add_checkpoint, body))
        except NotWitnessed as refused:
            kind = "text/x.tlog.size" if refused.status is WitnessStatus.CONFLICT else "text/plain"
            return Response(refused.body, refused.status, media_type=kind)

    async def checkpoint(request: Request) -> Response:
        found = await run_in_threadpool(witness.checkpoint, request.path_params["digest"])
        return Response(status_code=404) if found is None else PlainTextResponse(found)

    return Starlette(
        routes=[
            Route("/add-checkpoint", add, methods=["POST"]),
            Route("/{digest}/checkpoint", checkpoint, methods=["GET"]),
        ],
        middleware=[Middleware(LastResort, answer=Response(status_code=500))],
    )


async def _read(request: Request) -> bytes:
    body = bytearray()
    try:
        async for part in request.stream():
            body += part
            if len(body) > BODY_LIMIT:
                raise NotWitnessed(WitnessStatus.MALFORMED)
    except ClientDisconnect:
        raise NotWitnessed(WitnessStatus.MALFORMED) from None
    return bytes(body)
