"""A text is a paper pass or it is refused, quickly, before any signature is looked at."""

from typing import Any

import pytest

from schemas.encoding import b64url_encode
from schemas.jws import Typ
from schemas.kinds import DAY
from schemas.paper import LONGEST_PAPER, TEXT_LIMIT, PaperKey, parse_paper
from schemas.windows import Window
from tests.support.keys import ec_key
from tests.support.texts import compact, jws, to_json
from tests.support.world import NOON, World

WORLD = World()
CLAIMS = WORLD.slip(NOON)


def listed(**members: Any) -> PaperKey:
    key = WORLD.paper_key
    entry = key.jwk | {"kid": key.kid, "nbf": NOON - DAY, "exp": NOON + 14 * DAY}
    return PaperKey.of(entry | members)


def test_what_was_written_is_read() -> None:
    paper = parse_paper(WORLD.paper(NOON))
    assert paper.kid == WORLD.paper_key.kid
    assert paper.unverified_pass.claims() == CLAIMS
    assert paper.is_signed_by(listed())


def test_the_claims_are_written_in_one_order() -> None:
    claims = parse_paper(WORLD.paper(NOON)).unverified_pass.claims()
    assert list(claims) == ["iss", "nbf", "exp", "status", "holder"]


@pytest.mark.parametrize("member", CLAIMS)
def test_no_claim_may_be_missing(member: str) -> None:
    rest = {name: value for name, value in CLAIMS.items() if name != member}
    with pytest.raises(ValueError, match="not a paper pass"):
        parse_paper(jws(rest, typ=Typ.PAPER, key=WORLD.paper_key))


def test_seven_days_are_the_most_and_a_second_the_least() -> None:
    nbf = CLAIMS["nbf"]
    for seconds in (1, LONGEST_PAPER):
        assert parse_paper(WORLD.paper(NOON, exp=nbf + seconds)).unverified_pass.window == Window(
            nbf, nbf + seconds
        )
    for seconds in (-1, 0, LONGEST_PAPER + 1):
        with pytest.raises(ValueError, match="not a paper pass"):
            parse_paper(WORLD.paper(NOON, exp=nbf + seconds))


def test_the_longest_honest_slip_fits_the_limit() -> None:
    longest = {"iss": "https://" + "x" * 253, "status": "x" * 32}
    assert len(WORLD.paper(NOON, **longest)) < TEXT_LIMIT
    parse_paper(WORLD.paper(NOON, **longest))


def test_a_text_over_the_limit_is_not_even_cut() -> None:
    header = to_json({"alg": "ES256", "kid": WORLD.paper_key.kid, "typ": Typ.PAPER})
    with pytest.raises(ValueError, match="not a paper pass"):
        parse_paper(compact(header, to_json(CLAIMS), bytes(TEXT_LIMIT)))


def test_a_key_that_is_no_point_of_the_curve_signs_nothing() -> None:
    crooked = listed(x=b64url_encode(bytes(32)))
    assert not parse_paper(WORLD.paper(NOON)).is_signed_by(crooked)


@pytest.mark.parametrize("typ", [typ for typ in Typ if typ is not Typ.PAPER])
def test_a_paper_key_signs_nothing_else(typ: Typ) -> None:
    assert not parse_paper(jws(CLAIMS, typ=typ, key=WORLD.paper_key)).is_signed_by(listed())


def test_a_signature_of_another_key_is_wrong() -> None:
    text = jws(CLAIMS, typ=Typ.PAPER, key=ec_key("a stranger"), kid=WORLD.paper_key.kid)
    assert not parse_paper(text).is_signed_by(listed())
