"""Writes the parts of the documents that are made from code: ``make docs``."""

from pathlib import Path

from benchmarks.privacy import document, pictures
from schemas.data_map import data_map
from tests.vectors import make_formats

DATA_MAP = Path(__file__).parents[1] / "docs" / "data-map.md"

if __name__ == "__main__":
    DATA_MAP.write_text(data_map(), encoding="utf-8")
    make_formats.main()
    report, privacy = document.load(), document.DOCUMENT
    privacy.write_text(
        document.renewed(privacy.read_text(encoding="utf-8"), report), encoding="utf-8"
    )
    pictures.draw(report)
