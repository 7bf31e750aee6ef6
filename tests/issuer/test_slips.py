"""The slip of an activation code: what it says, in three languages, on both papers."""

import io
from pathlib import Path

import pytest

from issuer.rules.policy import Policy, default_policy_text, parse_policy, render_policy
from issuer.slips import activation_slip
from schemas.activation import Activation, format_activation_url
from schemas.languages import Language
from shell.pictures import read_codes
from shell.slip_form import Slip, Style
from shell.slips import Paper, draw_pdf, draw_png
from shell.times import printed_time
from tests.support.world import NOON

CODE = "7K3M9QX2VT001C5H"


def policy(name: str = "Алматы қаласының денсаулық басқармасы") -> Policy:
    return parse_policy(render_policy(default_policy_text(), name=name))


def make(
    language: Language, *, name: str = "Authority", url: str = "https://qupia.example"
) -> Slip:
    link = format_activation_url(Activation(url, CODE, "r" * 43))
    return activation_slip(policy(name), code=CODE, link=link, expires_at=NOON, language=language)


@pytest.mark.parametrize("language", Language)
def test_a_slip_has_link_code_validity_and_what_is_stored(language: Language) -> None:
    slip = make(language)
    assert slip.qr == f"https://qupia.example/activate#7K3M-9QX2-VT00-1C5H.{'r' * 43}"
    assert slip.code == "7K3M-9QX2-VT00-1C5H"
    assert [line.text for line in slip.below if line.style is Style.CODE] == [slip.code]
    said = " ".join(line.text for line in (*slip.above, *slip.below))
    moment = printed_time(NOON, policy().zone)
    for part in ("Authority", moment["date"], moment["time"], "72", "10", "/transparency"):
        assert part in said
    assert "{" not in said


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("paper", Paper)
def test_the_longest_name_and_address_fit_in_every_language(
    tmp_path: Path, language: Language, paper: Paper
) -> None:
    url = "https://" + ".".join(["w" * 60] * 2) + ".example:65535"
    slip = make(language, name=("Ш" * 24 + " ") * 8, url=url)
    path = tmp_path / "slip.png"
    path.write_bytes(draw_png(slip, paper))
    assert read_codes(path) == [slip.qr]
    assert io.BytesIO(draw_pdf(slip, paper)).read(5) == b"%PDF-"
