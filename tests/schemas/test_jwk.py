import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from schemas.encoding import b64url_decode, b64url_encode
from schemas.jwk import jwk_from_key, key_from_jwk, key_from_point, thumbprint
from tests.support.keys import ec_key

KEY = ec_key("a key")
P256_FIELD = 2**256 - 2**224 + 2**192 + 2**96 - 1


def test_a_thumbprint_is_that_of_rfc_9449() -> None:
    """RFC 9449 section 4.1 shows the key, section 6.1 its thumbprint."""
    jwk = {
        "kty": "EC",
        "x": "l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs",
        "y": "9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA",
        "crv": "P-256",
    }
    assert thumbprint(jwk) == "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"


def test_a_key_goes_there_and_back() -> None:
    jwk = jwk_from_key(KEY.public)
    assert jwk.keys() == {"kty", "crv", "x", "y"}
    assert key_from_jwk(jwk) == KEY.public


def test_further_members_do_not_change_the_thumbprint() -> None:
    assert thumbprint(KEY.jwk | {"kid": "x", "nbf": 1}) == thumbprint(KEY.jwk)


@pytest.mark.parametrize(
    ("members", "message"),
    [
        pytest.param({"kty": "RSA"}, "not a P-256 key", id="another kind"),
        pytest.param({"crv": "P-384"}, "not a P-256 key", id="another curve"),
        pytest.param({"crv": None}, "not a P-256 key", id="no curve"),
        pytest.param({"d": KEY.jwk["x"]}, "a private key", id="a private key"),
        pytest.param({"x": None}, "a coordinate is missing", id="no coordinate"),
        pytest.param({"x": 7}, "a coordinate is missing", id="a number"),
        pytest.param({"x": KEY.jwk["x"] + "="}, "base64url", id="padding"),
        pytest.param({"x": b64url_encode(bytes(31))}, "32 bytes", id="too short"),
        pytest.param(
            {"x": b64url_encode(b"\x00" + b64url_decode(KEY.jwk["x"]))}, "32 bytes", id="too long"
        ),
    ],
)
def test_a_jwk_of_another_form_is_refused(members: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        key_from_jwk(KEY.jwk | members)


@pytest.mark.parametrize(
    ("x", "y"),
    [
        pytest.param(KEY.point.x, KEY.point.x, id="off the curve"),
        pytest.param(bytes(32), bytes(32), id="zero"),
        pytest.param(b"\xff" * 32, KEY.point.y, id="beyond the field"),
        pytest.param(KEY.point.x[:-1], KEY.point.y, id="too short"),
        pytest.param(b"", b"", id="nothing"),
    ],
)
def test_a_point_that_is_not_on_the_curve_is_refused(x: bytes, y: bytes) -> None:
    with pytest.raises(ValueError, match=r"(?i)point|key|curve|data"):
        key_from_point(x, y)


def test_a_coordinate_that_is_not_reduced_is_refused() -> None:
    """Five coordinates below 2**256 have a second form; one of them is the point with x = 5."""
    y = (
        ec.EllipticCurvePublicKey.from_encoded_point(
            ec.SECP256R1(), b"\x02" + (5).to_bytes(32, "big")
        )
        .public_numbers()
        .y
    )
    with pytest.raises(ValueError, match=r"(?i)point|key|curve|data"):
        key_from_point((5 + P256_FIELD).to_bytes(32, "big"), y.to_bytes(32, "big"))
