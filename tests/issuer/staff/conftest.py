"""A file of accounts for each test."""

from pathlib import Path

import pytest

from issuer.staff import Staff


@pytest.fixture
def staff(tmp_path: Path) -> Staff:
    made = Staff(tmp_path / "staff.db")
    made.create()
    return made
