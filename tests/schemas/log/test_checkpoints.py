"""A checkpoint has one form: an origin, a decimal and a hash."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.log.checkpoints import Checkpoint, parse_checkpoint
from schemas.log.merkle import LARGEST_SIZE
from tests.support.vectors import log_cases

LINE = st.text(st.characters(min_codepoint=32, exclude_categories=["Cs"]), min_size=1, max_size=9)


@pytest.mark.parametrize("case", log_cases("checkpoints"), ids=lambda case: str(case["name"]))
def test_a_checkpoint_is_read_in_its_one_form_only(case: dict[str, str]) -> None:
    if case["ok"]:
        checkpoint = parse_checkpoint(case["text"])
        assert checkpoint.text == case["text"]
        assert checkpoint.size == int(case["size"])
    else:
        with pytest.raises(ValueError, match=r"checkpoint|size|hash|base64"):
            parse_checkpoint(case["text"])


@given(
    LINE,
    st.integers(0, LARGEST_SIZE),
    st.binary(min_size=32, max_size=32),
    st.lists(LINE, max_size=3),
)
def test_a_checkpoint_goes_there_and_back(
    origin: str, size: int, root: bytes, extensions: list[str]
) -> None:
    checkpoint = Checkpoint(origin, size, root, tuple(extensions))
    assert parse_checkpoint(checkpoint.text) == checkpoint
