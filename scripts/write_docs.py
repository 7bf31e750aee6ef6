"""Writes the parts of the documents that are made from code: ``make docs``."""

from pathlib import Path

from schemas.data_map import data_map
from tests.vectors import make_formats

DATA_MAP = Path(__file__).parents[1] / "docs" / "data-map.md"

if __name__ == "__main__":
    DATA_MAP.write_text(data_map(), encoding="utf-8")
    make_formats.main()
