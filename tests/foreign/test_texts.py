"""Certificates and cards of other systems, each at every place of ours where a code is read."""

import pytest

from schemas.activation import parse_activation_url
from schemas.check_in import parse_check_in
from schemas.refusals import Reason, Refused
from tests.support.vectors import foreign_texts
from tests.support.world import NOON, World
from verifier.door.verification import verify

BUNDLE = World().accepted(NOON)
EU = foreign_texts("eu_certificates")
SMART = foreign_texts("smart_cards")


@pytest.mark.parametrize("text", [*EU, *SMART])
def test_a_code_of_another_system_is_no_pass_no_check_in_code_and_no_slip(text: str) -> None:
    for spelt in (text, text + "\r\n", text.strip(), text.upper()):
        with pytest.raises(Refused) as refused:
            verify(spelt, bundle=BUNDLE, policy=BUNDLE.policies[0], now=NOON)
        assert refused.value.reason is Reason.NOT_A_PASS
        with pytest.raises(ValueError, match="not a check-in code"):
            parse_check_in(spelt)
        with pytest.raises(ValueError, match="not an activation link"):
            parse_activation_url(spelt)


@pytest.mark.parametrize("text", EU)
def test_a_certificate_under_the_prefix_of_a_pass_is_no_pass(text: str) -> None:
    with pytest.raises(Refused) as refused:
        verify("QP1:" + text.partition(":")[2], bundle=BUNDLE, policy=None, now=NOON)
    assert refused.value.reason is Reason.NOT_A_PASS


def test_the_texts_are_of_many_countries_and_forms() -> None:
    assert len(EU) > 60
    assert {text[:4] for text in EU} >= {"HC1:", "HC2:", "HL0:"}
    starts = ("shc:/", "eyJ", "shlink:/", "https://")
    assert all(any(text.startswith(start) for text in SMART) for start in starts)
