"""The calls of the API as a page lists them, out of the OpenAPI document and nothing else."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class DescribedAnswer:
    """``says`` is the description of a status; ``schema`` the name of what comes with it."""

    status: str
    says: str
    schema: str | None


@dataclass(frozen=True)
class DescribedCall:
    """One method of one address. ``proof`` is how a caller says who it is, None for anyone."""

    method: str
    path: str
    summary: str
    proof: str | None
    request: str | None
    answers: tuple[DescribedAnswer, ...]


@dataclass(frozen=True)
class DescribedSchema:
    """A JSON Schema, indented for people."""

    name: str
    text: str


@dataclass(frozen=True)
class Described:
    """The whole document; each schema stands once and is named by its calls."""

    calls: tuple[DescribedCall, ...]
    schemas: tuple[DescribedSchema, ...]


def described_calls(document: Mapping[str, Any]) -> Described:
    """What an OpenAPI 3.1 document of ours says, in its order."""
    calls = tuple(
        _call(method, path, operation)
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if isinstance(operation, dict)
    )
    schemas = document["components"]["schemas"].items()
    shown = (DescribedSchema(name, _indented(schema)) for name, schema in schemas)
    return Described(calls, tuple(shown))


def _call(method: str, path: str, operation: Mapping[str, Any]) -> DescribedCall:
    proofs = [name for entry in operation.get("security", ()) for name in entry]
    body = operation.get("requestBody", {}).get("content", {})
    answers = tuple(
        DescribedAnswer(status, answer["description"], _schema_in(answer.get("content", {})))
        for status, answer in operation["responses"].items()
    )
    proof = proofs[0] if proofs else None
    return DescribedCall(
        method.upper(), path, operation["summary"], proof, _schema_in(body), answers
    )


def _schema_in(content: Mapping[str, Any]) -> str | None:
    """The name of the one schema that is referred to; None for text and bytes."""
    references = [media["schema"].get("$ref") for media in content.values()]
    names = [one.rpartition("/")[2] for one in references if one]
    return names[0] if names else None


def _indented(schema: Any) -> str:
    return json.dumps(schema, indent=2, ensure_ascii=False)
