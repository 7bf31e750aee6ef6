"""Frozen dataclasses to JSON and back, strictly: what does not fit its type is refused.

>>> from schemas.windows import Window
>>> encode(Window(1, 2))
{'nbf': 1, 'exp': 2}
>>> decode(Window, {"nbf": 1, "exp": 2})
Window(nbf=1, exp=2)
"""

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import StrEnum
from functools import cache
from types import NoneType, UnionType
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from schemas.encoding import b64url_decode, b64url_encode
from schemas.jws import parse_json_object

T = TypeVar("T")


def to_json(value: Any, *, indent: int | None = None) -> bytes:
    """A value as JSON in ASCII; compact unless ``indent`` says how many spaces a level has."""
    separators = (",", ":") if indent is None else None
    return json.dumps(encode(value), indent=indent, separators=separators).encode("ascii")


def from_json(kind: type[T], data: bytes) -> T:
    """The inverse of :func:`to_json`, whatever the white space; raises ValueError."""
    value: T = decode(kind, parse_json_object(data))
    return value


def encode(value: Any) -> Any:
    """What ``json.dumps`` takes; bytes become base64url."""
    if isinstance(value, bytes):
        return b64url_encode(value)
    if isinstance(value, tuple):
        return [encode(item) for item in value]
    if is_dataclass(value):
        return {field.name: encode(getattr(value, field.name)) for field in fields(value)}
    return value


def decode(kind: Any, value: Any) -> Any:
    """The inverse of :func:`encode` for a type; raises ValueError when ``value`` does not fit.

    Known types: bool, int, str, bytes, StrEnum, ``tuple[X, ...]``, ``tuple[X, Y]``, ``X | None``,
    dataclasses.
    """
    if isinstance(kind, UnionType):
        return _decode_optional(kind, value)
    if get_origin(kind) is tuple:
        return _decode_tuple(kind, value)
    if is_dataclass(kind):
        return _decode_dataclass(kind, value)
    return _decode_scalar(kind, value)


def _decode_optional(kind: UnionType, value: Any) -> Any:
    if value is None:
        return None
    [inner] = set(get_args(kind)) - {NoneType}
    return decode(inner, value)


def _decode_tuple(kind: Any, value: Any) -> tuple[Any, ...]:
    if not isinstance(value, list):
        raise ValueError("not a list")
    items = get_args(kind)
    if items[-1] is Ellipsis:
        return tuple(decode(items[0], entry) for entry in value)
    if len(items) != len(value):
        raise ValueError("not as many entries as expected")
    return tuple(decode(item, entry) for item, entry in zip(items, value, strict=True))


def _decode_dataclass(kind: Any, value: Any) -> Any:
    kinds = _member_types(kind)
    if not isinstance(value, dict) or value.keys() != kinds.keys():
        raise ValueError("not the expected members")
    return kind(**{name: decode(kinds[name], value[name]) for name in kinds})


@cache
def _member_types(kind: Any) -> Mapping[str, Any]:
    return get_type_hints(kind)


def _decode_scalar(kind: Any, value: Any) -> Any:
    wire = str if issubclass(kind, bytes | StrEnum) else kind
    if type(value) is not wire:
        raise ValueError("not the expected type")
    if kind is bytes:
        return b64url_decode(value)
    return kind(value)
