"""The data files of packages, read once when a module is first imported."""

import json
from importlib.resources import files
from typing import Any


def load_json(name: str, package: str = "schemas") -> Any:
    """The JSON file ``name`` that ships in ``package``; raises FileNotFoundError."""
    return json.loads(files(package).joinpath(name).read_text(encoding="utf-8"))
