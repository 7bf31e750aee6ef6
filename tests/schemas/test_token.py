from hashlib import sha256

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from schemas.bundle import PassKey
from schemas.token import (
    MODULUS_BYTES,
    PUBLIC_EXPONENT,
    SALT_BYTES,
    TOKEN_BYTES,
    DevicePoint,
    challenge_digest,
    spki_from_modulus,
    token_input,
    token_key_id,
)
from schemas.windows import Window
from tests.support.keys import ec_key, rsa_key
from tests.support.vectors import rfc9578

VECTORS = pytest.mark.parametrize("vector", rfc9578(), ids=lambda v: v["nonce"].hex()[:8])


def modulus_of(vector: dict[str, bytes]) -> bytes:
    key = serialization.load_pem_private_key(vector["skS"], None)
    assert isinstance(key, rsa.RSAPrivateKey)
    return key.public_key().public_numbers().n.to_bytes(MODULUS_BYTES, "big")


@VECTORS
def test_the_public_key_has_the_der_form_of_rfc_9578(vector: dict[str, bytes]) -> None:
    assert spki_from_modulus(modulus_of(vector)) == vector["pkS"]


@VECTORS
def test_a_token_of_rfc_9578_has_our_layout(vector: dict[str, bytes]) -> None:
    signed = token_input(
        nonce=vector["nonce"],
        challenge=sha256(vector["token_challenge"]).digest(),
        key_id=token_key_id(modulus_of(vector)),
    )
    assert len(vector["token"]) == TOKEN_BYTES
    assert vector["token"][:-MODULUS_BYTES] == signed


@VECTORS
def test_a_token_of_rfc_9578_verifies_under_our_key(vector: dict[str, bytes]) -> None:
    modulus = modulus_of(vector)
    key = PassKey(token_key_id(modulus), modulus, "green", None, Window(0, 1)).public_key
    pss = padding.PSS(padding.MGF1(hashes.SHA384()), SALT_BYTES)
    signed, signature = vector["token"][:-MODULUS_BYTES], vector["token"][-MODULUS_BYTES:]
    key.verify(signature, signed, pss, hashes.SHA384())
    assert key.public_numbers().e == PUBLIC_EXPONENT


def test_the_challenge_is_that_of_rfc_9578_without_context_and_origin() -> None:
    [challenge] = [
        vector["token_challenge"]
        for vector in rfc9578()
        if vector["token_challenge"].endswith(b"issuer.example\x00\x00\x00")
    ]
    assert challenge_digest("issuer.example") == sha256(challenge).digest()


@pytest.mark.parametrize("name", ["", "a" * 101, "қазақстан.example"])
def test_an_issuer_name_has_1_to_100_ascii_characters(name: str) -> None:
    with pytest.raises(ValueError, match=r"(?i)ascii"):
        challenge_digest(name)


def test_the_longest_issuer_name_has_a_length_of_two_bytes() -> None:
    challenge = b"\x00\x02\x00\x64" + b"a" * 100 + b"\x00\x00\x00"
    assert challenge_digest("a" * 100) == sha256(challenge).digest()


@pytest.mark.parametrize(
    "modulus",
    [
        pytest.param(b"\x7f" + b"\xff" * 255, id="2047 bits"),
        pytest.param(b"\xff" * 255 + b"\xfe", id="even"),
        pytest.param(b"\xff" * 255, id="too short"),
        pytest.param(b"\xff" * 257, id="too long"),
    ],
)
def test_only_odd_numbers_of_2048_bits_are_moduli(modulus: bytes) -> None:
    with pytest.raises(ValueError, match="exactly 2048 bits"):
        token_key_id(modulus)


def test_the_key_id_is_the_hash_of_what_openssl_writes() -> None:
    key = rsa_key(0)
    id_rsassa_pss = spki_from_modulus(key.modulus)
    loaded = serialization.load_der_public_key(id_rsassa_pss)
    assert isinstance(loaded, rsa.RSAPublicKey)
    assert loaded.public_numbers().n == key.n
    assert key.id == sha256(id_rsassa_pss).digest()


def test_a_nonce_commits_to_both_coordinates() -> None:
    point = ec_key("a device").point
    uncompressed = ec_key("a device").public.public_bytes(
        serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
    )
    assert point.nonce == sha256(uncompressed).digest()
    assert DevicePoint(point.y, point.x).nonce != point.nonce
