"""Ed25519 is judged here as on the page, where implementations differ."""

import pytest

from schemas.encoding import b64_decode
from schemas.log.ed25519 import is_signed, is_sound_key
from tests.support.vectors import log_cases

CASES = log_cases("ed25519")


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case["name"]))
def test_a_signature_is_judged_as_the_vector_says(case: dict[str, str]) -> None:
    key, signature, message = (b64_decode(case[name]) for name in ("key", "signature", "message"))
    assert is_signed(key, signature, message) is case["ok"]


def test_a_key_of_small_order_or_in_another_form_is_none() -> None:
    names = ("key is the neutral", "key of order", "another key of order", "negative key of order")
    keys = [case["key"] for case in CASES if str(case["name"]).startswith(names)]
    assert len(keys) == 8
    assert not any(is_sound_key(b64_decode(key)) for key in keys)
