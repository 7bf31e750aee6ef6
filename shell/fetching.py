"""HTTP without traces: no cookies, no redirects, no .netrc, the same headers from everyone."""

import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from threading import Timer

import httpx

from shell.errors import CommandError

HEADERS = {"User-Agent": "qupia", "Accept-Encoding": "identity"}
TIMEOUT = httpx.Timeout(20.0, connect=10.0)


class NoAnswer(CommandError):
    """The other side cannot be reached, or not over this network."""


@dataclass(frozen=True)
class Answer:
    """``date`` is the Date header as it came, empty when there was none."""

    status: int
    body: bytes
    date: str
    age: str

    @property
    def made_at(self) -> int | None:
        """When the other side made this answer, in Unix seconds, by its clock.

        None when it does not say, or when a cache kept the answer (RFC 9111 section 5.1): then its
        ``Date`` tells nothing about now.
        """
        if self.age or not self.date.endswith(" GMT"):
            return None
        try:
            return int(parsedate_to_datetime(self.date).timestamp())
        except (ValueError, OverflowError):
            return None


def send(
    method: str,
    url: str,
    *,
    limit: int,
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    within: float | None = None,
) -> Answer:
    """One request; an answer over ``limit`` bytes is cut off. Raises CommandError when it fails.

    With ``within`` it fails after that many seconds, or twice as many where the other side sends
    little by little.
    """
    try:
        with (
            httpx.Client(
                headers={**HEADERS, **(headers or {})},
                timeout=TIMEOUT if within is None else httpx.Timeout(within),
                trust_env=False,
                verify=ssl.create_default_context(),
            ) as client,
            _closed_after(client, within),
            client.stream(method, url, content=body) as response,
        ):
            return _read(response, limit)
    except (httpx.HTTPError, httpx.InvalidURL, ssl.SSLError):
        raise NoAnswer(
            f"no answer from {_origin(url)}; check the address and the network, then try again"
        ) from None


@contextmanager
def _closed_after(client: httpx.Client, seconds: float | None) -> Iterator[None]:
    """A timeout of the library begins anew with each byte; this one does not."""
    if seconds is None:
        yield
        return
    timer = Timer(seconds, client.close)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _read(response: httpx.Response, limit: int) -> Answer:
    body = bytearray()
    for chunk in response.iter_raw():
        body += chunk
        if len(body) > limit:
            raise CommandError(f"the answer of {_origin(str(response.url))} is too large")
    return Answer(
        response.status_code,
        bytes(body),
        response.headers.get("Date", ""),
        response.headers.get("Age", ""),
    )


def _origin(url: str) -> str:
    return "/".join(url.split("/", 3)[:3])
