"""The JSON Schemas (2020-12) of this package, compiled once, and the check against them.

The same files validate what arrives at run time and describe the API at ``/openapi.json``.
"""

from functools import cache
from typing import Any

import jsonschema_rs

from schemas.resources import load_json


@cache
def load_schema(name: str) -> dict[str, Any]:
    """The schema ``name`` (without ``.schema.json``)."""
    schema: dict[str, Any] = load_json(f"{name}.schema.json")
    return schema


@cache
def _validator(name: str) -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(load_schema(name))


def matches(name: str, value: object) -> bool:
    """Whether ``value`` has the shape of the schema ``name``."""
    try:
        return _validator(name).is_valid(value)
    except ValueError:
        # A value that JSON cannot express, such as a number out of range or a lone surrogate.
        return False
