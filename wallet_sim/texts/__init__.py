"""What the wallet says to its holder, in Kazakh, Russian and English."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.resources import files

from schemas.languages import Language

_TEXTS: Mapping[str, Mapping[str, str]] = json.loads(
    files("wallet_sim.texts").joinpath("texts.json").read_text(encoding="utf-8")
)


def text(name: str, language: Language, **values: object) -> str:
    """The text ``name`` with its placeholders filled; raises KeyError for an unknown name."""
    return _TEXTS[name][language].format_map(values)


def knows(name: str) -> bool:
    """Whether there is a text ``name``."""
    return name in _TEXTS


def local_time(seconds: int) -> str:
    """Unix seconds as this machine's zone writes them, to the minute."""
    return datetime.fromtimestamp(seconds, UTC).astimezone().strftime("%Y-%m-%d %H:%M")
