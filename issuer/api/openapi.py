"""The OpenAPI 3.1 document, from the same JSON Schemas that validate requests."""

import re
from dataclasses import dataclass
from functools import cache
from typing import Any

from schemas.problems import NOT_ALLOWED_FOR_ROLE, STATUS, Problem
from schemas.validation import load_schema

_P = Problem
_STAFF = (_P.INVALID, _P.NOT_ALLOWED, _P.TOO_MANY)
_WALLET = (_P.INVALID, _P.BAD_DPOP, _P.TOO_MANY)
_ALWAYS = (_P.TOO_LARGE, _P.SUNSET, _P.FAILED)


@dataclass(frozen=True)
class _Operation:
    summary: str
    request: str
    answer: str
    security: str
    problems: tuple[Problem, ...]


_OPERATIONS: dict[str, _Operation] = {
    "/v1/codes": _Operation(
        "Register a result", "code-request", "code-answer", "bearer",
        (*_STAFF, _P.ALREADY_REGISTERED, _P.NOT_AN_IIN),
    ),
    "/v1/codes/cancel": _Operation(
        "Void an activation code", "cancel-request", "done-answer", "bearer",
        (*_STAFF, _P.CODE_UNKNOWN, _P.CODE_USED),
    ),
    "/v1/withdrawals": _Operation(
        "Stop issuing to a person", "withdrawal-request", "withdrawal-answer", "bearer",
        (*_STAFF, _P.NOT_AN_IIN),
    ),
    "/v1/withdrawals/lift": _Operation(
        "End a withdrawal early", "withdrawal-request", "withdrawal-answer", "bearer",
        (*_STAFF, _P.NOT_AN_IIN),
    ),
    "/v1/entitlements": _Operation(
        "Activate a wallet", "entitlement-request", "entitlement-answer", "dpop",
        (*_WALLET, _P.CODE_UNKNOWN, _P.CODE_USED),
    ),
    "/v1/passes": _Operation(
        "Fetch passes", "passes-request", "passes-answer", "dpop",
        (
            *_WALLET, _P.NOT_ALLOWED, _P.WRONG_KEY, _P.ENTITLEMENT_EXPIRED, _P.WITHDRAWN,
            _P.ENDED, _P.BAD_BATCH, _P.BATCH_ALREADY_ISSUED, _P.NOT_READY,
        ),
    ),
    "/v1/me": _Operation(
        "What is held about this wallet", "me-request", "me-answer", "dpop",
        (*_WALLET, _P.NOT_ALLOWED),
    ),
    "/v1/me/end": _Operation(
        "End the entitlement", "me-request", "done-answer", "dpop", (*_WALLET, _P.NOT_ALLOWED)
    ),
}  # fmt: skip

_BYTES = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}
_SIGNED = {"application/jose": {"schema": {"type": "string"}}}

_PUBLIC: dict[str, tuple[str, dict[str, Any], tuple[Problem, ...]]] = {
    "/.well-known/qupia/trust-bundle": (
        "The trust bundle (a compact JWS; its payload is the schema trust-bundle)",
        _SIGNED,
        (_P.NOT_READY, _P.SUNSET, _P.FAILED),
    ),
    "/.well-known/qupia/retention": (
        "What is kept, signed once a day (payload: the schema retention-statement)",
        _SIGNED,
        (_P.NOT_READY, _P.SUNSET, _P.FAILED),
    ),
    "/.well-known/qupia/notices": (
        "The hours to warn of (payload: the schema notices); made anew every six hours",
        _SIGNED,
        (_P.NOT_READY, _P.SUNSET, _P.FAILED),
    ),
    "/.well-known/qupia/log/{number}/checkpoint": (
        "The largest checkpoint of a log (C2SP tlog-checkpoint)",
        {"text/plain": {"schema": {"type": "string"}}},
        (_P.NOT_FOUND, _P.SUNSET, _P.FAILED),
    ),
    "/.well-known/qupia/log/{number}/tile/{tile}": (
        "A tile of the tree or, below entries/, of entries (C2SP tlog-tiles); {tile} has slashes",
        _BYTES,
        (_P.NOT_FOUND, _P.SUNSET, _P.FAILED),
    ),
    "/.well-known/qupia/log/{number}/bundle/{digest}": (
        "The JWS of a bundle of the last 14 days by the base64url of its entry",
        {"application/jose": {"schema": {"type": "string"}}},
        (_P.NOT_FOUND, _P.SUNSET, _P.FAILED),
    ),
    "/healthz": (
        "Liveness",
        {"application/json": {"schema": {"$ref": "#/components/schemas/health-answer"}}},
        (_P.NOT_READY, _P.SUNSET, _P.FAILED),
    ),
    "/metrics": (
        "Prometheus figures; from this machine or with an auditor's key",
        {"text/plain": {"schema": {"type": "string"}}},
        (_P.NOT_ALLOWED, _P.TOO_MANY, _P.TOO_LARGE, _P.FAILED),
    ),
    "/openapi.json": (
        "This document",
        {"application/json": {"schema": {"type": "object"}}},
        (_P.FAILED,),
    ),
}

_SCHEMAS = (
    "code-request", "code-answer", "cancel-request", "withdrawal-request", "withdrawal-answer",
    "done-answer", "entitlement-request", "entitlement-answer", "passes-request",
    "passes-answer", "me-request", "me-answer", "problem", "health-answer", "trust-bundle",
    "retention-statement", "notices",
)  # fmt: skip


@cache
def openapi_document(url: str) -> dict[str, Any]:
    """The document for an issuer at ``url``."""
    paths: dict[str, Any] = {path: {"post": _post(op)} for path, op in _OPERATIONS.items()}
    paths |= {path: {"get": _place(path) | _get(*entry)} for path, entry in _PUBLIC.items()}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Qupia issuer", "version": "1"},
        "servers": [{"url": url}],
        "paths": paths,
        "components": {
            "schemas": {name: _component(name) for name in _SCHEMAS},
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "dpop": {"type": "apiKey", "in": "header", "name": "DPoP"},
            },
        },
    }


def _place(path: str) -> dict[str, Any]:
    """What stands in braces in a path."""
    names = re.findall(r"\{(\w+)\}", path)
    text = {"type": "string"}
    parameters = [{"name": n, "in": "path", "required": True, "schema": text} for n in names]
    return {"parameters": parameters} if parameters else {}


def _post(operation: _Operation) -> dict[str, Any]:
    return {
        "summary": operation.summary,
        "security": [{operation.security: []}],
        "requestBody": {"required": True, "content": _json(operation.request)},
        "responses": _responses(
            _json(operation.answer), (*operation.problems, *_ALWAYS), operation.security
        ),
    }


def _get(summary: str, content: dict[str, Any], problems: tuple[Problem, ...]) -> dict[str, Any]:
    answers = _responses(content, problems, "")
    if content is _SIGNED:
        answers["304"] = {"description": "The caller has it: its ETag was in If-None-Match"}
    return {"summary": summary, "responses": answers}


def _responses(
    content: dict[str, Any], problems: tuple[Problem, ...], security: str
) -> dict[str, Any]:
    statuses: dict[int, list[str]] = {}
    for problem in problems:
        statuses.setdefault(STATUS[problem], []).append(problem.value)
    if security == "bearer":
        statuses[NOT_ALLOWED_FOR_ROLE] = [Problem.NOT_ALLOWED.value]
    answers: dict[str, Any] = {"200": {"description": "Done", "content": content}}
    for status, codes in sorted(statuses.items()):
        answers[str(status)] = {
            "description": ", ".join(codes),
            "content": {
                "application/problem+json": {"schema": {"$ref": "#/components/schemas/problem"}}
            },
        }
    return answers


def _json(name: str) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": f"#/components/schemas/{name}"}}}


def _component(name: str) -> dict[str, Any]:
    """A schema with its own definitions reached from inside the document."""
    schema: dict[str, Any] = _relocate(load_schema(name), f"#/components/schemas/{name}/$defs/")
    return schema


def _relocate(node: Any, definitions: str) -> Any:
    if isinstance(node, dict):
        return {
            key: value.replace("#/$defs/", definitions)
            if key == "$ref" and isinstance(value, str)
            else _relocate(value, definitions)
            for key, value in node.items()
        }
    if isinstance(node, list):
        return [_relocate(value, definitions) for value in node]
    return node
