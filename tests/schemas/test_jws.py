import hmac
import json
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from hypothesis import given
from hypothesis import strategies as st

from schemas import jws
from schemas.encoding import b64url_encode
from schemas.jws import InvalidJws, Typ
from tests.support import texts
from tests.support.keys import ec_key

KEY = ec_key("signer")
HEADER = {"alg": "ES256", "kid": KEY.kid, "typ": Typ.TRUST.value}
PAYLOAD = {"iss": "https://qupia.example"}
P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
PAIRS = [(signed, expected) for signed in Typ for expected in Typ]


def check(text: str, typ: Typ = Typ.TRUST) -> dict[str, Any]:
    return jws.verify(jws.parse(text), typ=typ, key=KEY.public)


def with_header(**members: object) -> str:
    header = {name: value for name, value in (HEADER | members).items() if value is not None}
    return texts.signed(texts.to_json(header), texts.to_json(PAYLOAD), KEY)


def with_payload(payload: bytes) -> str:
    return texts.signed(texts.to_json(HEADER), payload, KEY)


def test_what_was_signed_verifies() -> None:
    text = jws.sign(PAYLOAD, typ=Typ.TRUST, key=KEY.private, kid=KEY.kid)
    assert jws.parse(text).unverified_header == HEADER
    assert check(text) == PAYLOAD


@pytest.mark.parametrize(
    ("signed", "expected"), PAIRS, ids=[f"{signed.name}-as-{want.name}" for signed, want in PAIRS]
)
def test_a_text_of_one_typ_is_never_taken_for_another(signed: Typ, expected: Typ) -> None:
    text = jws.sign(PAYLOAD, typ=signed, key=KEY.private, kid=KEY.kid)
    if signed is expected:
        assert check(text, expected) == PAYLOAD
    else:
        with pytest.raises(InvalidJws, match="not a JWS of this kind"):
            check(text, expected)


@pytest.mark.parametrize(
    "typ",
    ["JWT", "QUPIA-TRUST+JWT", "application/qupia-trust+jwt", "qupia-trust+jwt ", "", None, 7, []],
)
def test_a_typ_is_compared_exactly(typ: object) -> None:
    with pytest.raises(InvalidJws, match="not a JWS of this kind"):
        check(with_header(typ=typ))


@pytest.mark.parametrize(
    "alg", ["none", "None", "HS256", "ES384", "RS256", "es256", None, ["ES256"]]
)
def test_a_good_signature_under_the_name_of_another_algorithm_is_refused(alg: object) -> None:
    with pytest.raises(InvalidJws, match="not a JWS of this kind"):
        check(with_header(alg=alg))


def test_alg_none_without_a_signature_is_refused() -> None:
    header = texts.to_json(HEADER | {"alg": "none"})
    with pytest.raises(InvalidJws, match="not a JWS of this kind"):
        check(texts.compact(header, texts.to_json(PAYLOAD), b""))


@pytest.mark.parametrize("encoding", [serialization.Encoding.PEM, serialization.Encoding.DER])
def test_the_public_key_is_not_taken_for_an_hmac_secret(
    encoding: serialization.Encoding,
) -> None:
    secret = KEY.public.public_bytes(encoding, serialization.PublicFormat.SubjectPublicKeyInfo)
    header = texts.to_json(HEADER | {"alg": "HS256"})
    payload = texts.to_json(PAYLOAD)
    message = f"{b64url_encode(header)}.{b64url_encode(payload)}".encode()
    with pytest.raises(InvalidJws, match="not a JWS of this kind"):
        check(texts.compact(header, payload, hmac.digest(secret, message, "sha256")))


@pytest.mark.parametrize(
    "members",
    [
        {"crit": ["exp"], "exp": 1},
        {"crit": ["b64"], "b64": False},
        {"crit": []},
        {"crit": "b64"},
    ],
)
def test_crit_is_refused_whatever_it_lists(members: dict[str, object]) -> None:
    with pytest.raises(InvalidJws, match="not a JWS of this kind"):
        check(with_header(**members))


def test_unencoded_payloads_are_not_known() -> None:
    with pytest.raises(InvalidJws, match="not a JWS of this kind"):
        check(with_header(b64=False))


def test_a_key_in_the_header_is_not_used() -> None:
    stranger = ec_key("a stranger")
    header = texts.to_json(HEADER | {"jwk": stranger.jwk})
    with pytest.raises(InvalidJws, match="the signature is wrong"):
        check(texts.signed(header, texts.to_json(PAYLOAD), stranger))


def spoil_signature(change: Callable[[bytes], bytes]) -> str:
    header, payload = texts.to_json(HEADER), texts.to_json(PAYLOAD)
    message = f"{b64url_encode(header)}.{b64url_encode(payload)}".encode()
    return texts.compact(header, payload, change(KEY.sign(message)))


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda s: b"", id="nothing"),
        pytest.param(lambda s: bytes(64), id="zeros"),
        pytest.param(lambda s: s[:-1], id="too short"),
        pytest.param(lambda s: s + b"\x00", id="too long"),
        pytest.param(lambda s: s[32:] + s[:32], id="r and s swapped"),
        pytest.param(lambda s: s[:63] + bytes([s[63] ^ 1]), id="one bit"),
        pytest.param(
            lambda s: KEY.sign_der(
                f"{b64url_encode(texts.to_json(HEADER))}.{b64url_encode(texts.to_json(PAYLOAD))}".encode()
            ),
            id="DER",
        ),
    ],
)
def test_a_wrong_signature_is_refused(change: Callable[[bytes], bytes]) -> None:
    with pytest.raises(InvalidJws, match="the signature is wrong"):
        check(spoil_signature(change))


def test_either_s_is_accepted() -> None:
    def negate(signature: bytes) -> bytes:
        s = int.from_bytes(signature[32:], "big")
        return signature[:32] + (P256_ORDER - s).to_bytes(32, "big")

    assert check(spoil_signature(negate)) == check(spoil_signature(bytes)) == PAYLOAD


@pytest.mark.parametrize(
    ("payload", "message"),
    [
        pytest.param(b'{"a":1,"a":1}', "duplicate", id="a duplicate member"),
        pytest.param(b'{"b":{"a":1,"a":2}}', "duplicate", id="a duplicate member inside"),
        pytest.param(b'{"a":1,"\\u0061":2}', "duplicate", id="a duplicate in another spelling"),
        pytest.param(b'{"a":NaN}', "not a JSON number", id="NaN"),
        pytest.param(b'{"a":-Infinity}', "not a JSON number", id="infinity"),
        pytest.param(b'{"a":1e400}', "not a JSON number", id="a number out of range"),
        pytest.param(b'{"a":' + b"9" * 5000 + b"}", "not a JSON number", id="5,000 digits"),
        pytest.param(b'{"a":' + b"9" * 309 + b"}", "not a JSON number", id="a double's range"),
        pytest.param(b'{"a":"\\ud800"}', "surrogates", id="half a character"),
        pytest.param(b'{"\\udc00":1}', "surrogates", id="half a character in a name"),
        pytest.param(b'{"a":' + b"[" * 64 + b"]" * 64 + b"}", "nested", id="65 levels"),
        pytest.param(
            b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "nested", id="deep nesting"
        ),
        pytest.param(b"[]", "not a JSON object", id="a list"),
        pytest.param(b'"text"', "not a JSON object", id="a text"),
        pytest.param(b"", "Expecting value", id="nothing"),
        pytest.param(b"{}{}", "Extra data", id="two objects"),
        pytest.param(b'{"a":1} x', "Extra data", id="something after it"),
        pytest.param(b"\xff\xfe{}", "decode", id="not UTF-8"),
        pytest.param('{"a":1}'.encode("utf-16"), "decode", id="UTF-16"),
        pytest.param(b"\xef\xbb\xbf{}", "BOM", id="a byte order mark"),
        pytest.param(b"{'a':1}", "Expecting property name", id="not JSON"),
    ],
)
def test_a_payload_of_another_form_is_refused_before_its_signature(
    payload: bytes, message: str
) -> None:
    with pytest.raises(InvalidJws, match=message):
        jws.parse(with_payload(payload))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", 1),
        ("1.0", 1),
        ("1e3", 1000),
        ("-0.0", 0),
        ("9007199254740993", 2**53),
        ("1.5", 1.5),
        ("1e300", 1e300),
        ("1" + "0" * 300, 1e300),
        ("1e-999", 0),
    ],
)
def test_a_number_is_what_a_browser_reads_and_whole_in_each_form(
    text: str, value: int | float
) -> None:
    number = jws.parse_json_object(f'{{"n":{text}}}'.encode())["n"]
    assert (number, type(number)) == (value, type(value))


def test_64_levels_and_whole_characters_are_read() -> None:
    assert jws.parse_json_object(b'{"a":' + b"[" * 63 + b"]" * 63 + b"}")
    assert jws.parse_json_object(b'{"a":"\\ud83d\\ude00"}') == {"a": "😀"}


def test_a_duplicate_header_member_is_refused() -> None:
    header = b'{"alg":"none","alg":"ES256","typ":"qupia-trust+jwt"}'
    with pytest.raises(InvalidJws, match="duplicate member"):
        jws.parse(texts.signed(header, b"{}", KEY))


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        pytest.param(lambda t: t + ".", "not a compact JWS", id="four parts"),
        pytest.param(lambda t: t.rpartition(".")[0], "not a compact JWS", id="two parts"),
        pytest.param(lambda t: "", "not a compact JWS", id="nothing"),
        pytest.param(lambda t: t + "=", "not base64url", id="padding"),
        pytest.param(lambda t: t + "\n", "not base64url", id="a line end"),
        pytest.param(lambda t: " " + t, "not base64url", id="a space"),
        pytest.param(lambda t: t.replace(".", ".\u0430", 1), "not base64url", id="Cyrillic a"),
        pytest.param(
            lambda t: json.dumps({"payload": t}), "not base64url", id="JSON serialisation"
        ),
    ],
)
def test_only_the_compact_form_is_read(spoil: Callable[[str], str], message: str) -> None:
    with pytest.raises(InvalidJws, match=message):
        jws.parse(spoil(with_header()))


@given(st.text(max_size=80) | st.lists(st.text(max_size=20), min_size=3, max_size=3).map(".".join))
def test_any_text_is_cut_or_refused(text: str) -> None:
    try:
        unverified = jws.parse(text)
    except InvalidJws:
        return
    with pytest.raises(InvalidJws):
        jws.verify(unverified, typ=Typ.TRUST, key=KEY.public)
