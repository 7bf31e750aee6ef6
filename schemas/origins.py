"""Issuer URLs: an origin without a path, ``http`` for this machine only."""

import ipaddress
import re
from urllib.parse import urlsplit

LONGEST_NAME = 100
"""Characters of ``host[:port]``, an issuer's name: it also stands in the names of its logs."""

_HOST = re.compile(r"[a-z0-9]([a-z0-9._-]{0,251}[a-z0-9])?|[0-9a-f:.]{2,45}")
"""A name in ASCII (RFC 1123 section 2.1) or the inside of an IPv6 literal, in lower case."""


def parse_origin(text: str) -> str:
    """The origin in its one form, lower case and without a final slash; raises ValueError."""
    try:
        parts = urlsplit(text.strip())
        port = parts.port
    except ValueError:
        raise ValueError("a URL looks like https://qupia.example") from None
    host = (parts.hostname or "").lower()
    if parts.scheme not in ("https", "http") or not _HOST.fullmatch(host):
        raise ValueError("a URL looks like https://qupia.example")
    if parts.path not in ("", "/") or parts.query or parts.fragment or "@" in parts.netloc:
        raise ValueError("the URL is an origin: no path, no query and no user")
    if parts.scheme == "http" and not is_loopback(host):
        raise ValueError("http is for this machine only; use https")
    shown = f"[{host}]" if ":" in host else host
    default_port = 443 if parts.scheme == "https" else 80
    name = shown + ("" if port in (None, default_port) else f":{port}")
    if len(name) > LONGEST_NAME:
        raise ValueError(f"the URL has at most {LONGEST_NAME} characters after {parts.scheme}://")
    return f"{parts.scheme}://{name}"


def host_of(origin: str) -> str:
    """``host[:port]`` of an origin: the issuer's name inside the token challenge."""
    return origin.partition("://")[2]


def is_loopback(host: str) -> bool:
    """Whether ``host`` names this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
