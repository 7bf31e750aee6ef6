"""What the wallet says of its reasons, and of what it shows."""

import pytest

from schemas.languages import Language
from wallet_sim.passes.presentation import Denied
from wallet_sim.passes.state import BatchFault
from wallet_sim.texts import knows, text


@pytest.mark.parametrize("reason", [*Denied, *BatchFault])
def test_each_reason_has_a_text(reason: str) -> None:
    assert knows(reason)


def test_a_text_is_filled() -> None:
    filled = text("shown", Language.EN, status="Green", ends="2026-03-18 00:00", number=7)
    assert filled == "Green, until 2026-03-18 00:00. Fresh passes left: 7."
