from importlib.resources import files

import jsonschema_rs
import pytest

from schemas.validation import load_schema, matches
from tests.support.world import NOON, World

NAMES = sorted(
    path.name.removesuffix(".schema.json")
    for path in files("schemas").iterdir()
    if path.name.endswith(".schema.json")
)


@pytest.mark.parametrize("name", NAMES)
def test_a_schema_is_itself_valid(name: str) -> None:
    schema = load_schema(name)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert jsonschema_rs.meta.is_valid(schema)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("value", [None, 1, "text", [], True])
def test_only_objects_cross_a_boundary(name: str, value: object) -> None:
    assert not matches(name, value)


def test_a_bundle_matches_its_schema() -> None:
    assert matches("trust-bundle", World().payload(NOON))


@pytest.mark.parametrize(
    "value",
    [
        pytest.param({"name": "\ud800"}, id="a lone surrogate"),
        pytest.param({"version": 10**5000}, id="a number of 5,000 digits"),
        pytest.param({"version": float("nan")}, id="not a number"),
        pytest.param({7: 7}, id="a member that is no text"),
        pytest.param({"name": b"bytes"}, id="bytes"),
    ],
)
def test_what_json_cannot_express_matches_nothing(value: object) -> None:
    assert not matches("trust-bundle", value)
