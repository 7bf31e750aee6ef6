"""The answer of a service to an error that nothing else handled."""

import sys

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shell.errors import place_of


class LastResort:
    """Answers ``answer`` for an unforeseen error and logs its type and place, never its text."""

    def __init__(self, app: ASGIApp, answer: ASGIApp) -> None:
        self._app = app
        self._answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = False

        async def watch(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._app(scope, receive, watch)
        except Exception as error:  # noqa: BLE001 - whatever it is, its text could name a person.
            print(f"error: {place_of(error)}", file=sys.stderr)  # noqa: T201 - the service's log.
            if not started and scope["type"] == "http":
                await self._answer(scope, receive, send)
