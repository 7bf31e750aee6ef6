"""The OpenAPI document: complete, sound, and made of the schemas that really validate.

That every answer is in it is checked with each call that any test makes.
"""

from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest
from starlette.routing import Route

from issuer.api.openapi import openapi_document
from schemas.problems import Problem
from schemas.validation import matches
from tests.support.issuers import URL, Service

DOCUMENT = openapi_document(URL)


def references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "$ref":
                yield value
            yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


def resolve(reference: str) -> Any:
    assert reference.startswith("#/")
    node: Any = DOCUMENT
    for step in reference[2:].split("/"):
        node = node[step.replace("~1", "/").replace("~0", "~")]
    return node


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in DOCUMENT["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def test_it_is_served(issuer: Service) -> None:
    reply = issuer.get("/openapi.json")
    assert reply.json == DOCUMENT
    assert reply.headers["content-type"] == "application/json"
    assert DOCUMENT["openapi"].startswith("3.1.")
    assert DOCUMENT["servers"] == [{"url": URL}]


def test_every_route_is_in_it_and_nothing_else(issuer: Service) -> None:
    routes = {
        (route.path_format, method.lower())
        for route in issuer.app.routes
        if isinstance(route, Route)
        for method in route.methods or ()
        if method != "HEAD"
    }
    assert {(path, method) for path, method, _ in operations()} == routes


def test_every_reference_resolves() -> None:
    found = set(references(DOCUMENT))
    assert len(found) > 10
    for reference in found:
        assert isinstance(resolve(reference), dict), reference


def test_every_schema_is_used_or_named_and_is_itself_right() -> None:
    text = str(DOCUMENT["paths"])
    for name, schema in DOCUMENT["components"]["schemas"].items():
        assert name in text, name
        whole = schema | {"components": DOCUMENT["components"]}
        jsonschema_rs.Draft202012Validator(whole)


def test_a_moved_schema_still_refuses_what_the_first_one_refuses() -> None:
    for name in DOCUMENT["components"]["schemas"]:
        whole = {"$ref": f"#/components/schemas/{name}", "components": DOCUMENT["components"]}
        validator = jsonschema_rs.Draft202012Validator(whole)
        for value in ({}, [], {"code": "x"}, {"entitlement": "a.b.c"}, {"status": "ok"}):
            assert validator.is_valid(value) == matches(name, value), (name, value)


@pytest.mark.parametrize(
    ("path", "method", "operation"), list(operations()), ids=lambda part: str(part)[:30]
)
def test_every_operation_says_what_goes_in_and_what_comes_out(
    path: str, method: str, operation: dict[str, Any]
) -> None:
    assert operation["summary"]
    assert {"200", "500"} <= operation["responses"].keys()
    for status, response in operation["responses"].items():
        assert response["description"]
        if int(status) >= 400:
            assert set(response["description"].split(", ")) <= set(Problem)
            assert set(response["content"]) == {"application/problem+json"}
    assert ("requestBody" in operation) == (method == "post") == path.startswith("/v1/")
    for need in operation.get("security", ()):
        assert need.keys() <= DOCUMENT["components"]["securitySchemes"].keys()


def test_every_call_under_v1_needs_a_key_or_a_proof() -> None:
    for path, _, operation in operations():
        assert bool(operation.get("security")) == path.startswith("/v1/")
