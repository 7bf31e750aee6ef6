"""The data files of this package, read once when a module is first imported."""

import json
from importlib.resources import files
from typing import Any


def load_json(name: str) -> Any:
    """The JSON file ``name`` that ships beside this module."""
    return json.loads(files("schemas").joinpath(name).read_text(encoding="utf-8"))
