"""The vectors of Wycheproof through the functions that the three programs use.

Sources are in ``tests/foreign/README.md``, what is refused here all the same in ``stricter.json``.
Where a program makes the signed bytes itself they are replaced by those of the vector; the rest of
its way stays as it is.
"""

import json
from dataclasses import replace
from hashlib import sha256
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

import issuer.perishable.sealing as store
from issuer.perishable.errors import StoreError
from issuer.perishable.sealing import KEY_BYTES, DayKey
from schemas import hour_keys, recognition
from schemas.bundle import TrustBundle
from schemas.encoding import b64url_decode, b64url_encode
from schemas.hour_keys import derive_hour_key, load_public_key, public_half
from schemas.jwk import key_from_jwk, key_from_point
from schemas.jws import InvalidJws, Typ, UnverifiedJws, parse, verify
from schemas.kinds import Kind
from schemas.presentation import (
    PROOF_BYTES,
    Presentation,
    format_presentation,
    proof_message,
    slot_at,
)
from schemas.recognition import Recogniser, Sealed
from schemas.refusals import Refused
from schemas.token import MODULUS_BYTES, DevicePoint, token_key_id
from schemas.visits import SUITE
from tests.support import hpke
from tests.support.vectors import has_high_s, number_of, stricter, wycheproof
from tests.support.world import NOON, World
from verifier.door import verification
from wallet_sim.passes.blinding import BlindingError, finalize

ECDSA = wycheproof("ecdsa_p256_sha256_p1363")
PSS = wycheproof("rsa_pss_2048_sha384_salt_48")
X25519 = wycheproof("x25519")
HKDF = wycheproof("hkdf_sha256")
GCM = wycheproof("aes_gcm_nonce_96")
JWS = wycheproof("jws")
WORLD = World()
BUNDLE = WORLD.accepted(NOON)
WINDOW = WORLD.calendar.window_at(NOON)


def of(case: dict[str, Any], name: str) -> bytes:
    return bytes.fromhex(case[name])


def at_the_door(text: str, bundle: TrustBundle = BUNDLE) -> str:
    """Why the door refuses a code, or ``admit``."""
    try:
        verification.verify(text, bundle=bundle, policy=bundle.policies[0], now=NOON)
    except Refused as refused:
        return refused.reason.value
    return "admit"


# ECDSA


def point_of(case: dict[str, Any]) -> DevicePoint:
    point = of(case, "publicKey")
    return DevicePoint(point[1:33], point[33:])


def shown(case: dict[str, Any]) -> str:
    """A code whose pass belongs to the vector's key and whose proof is its signature."""
    point = point_of(case)
    members = WORLD.present(WORLD.issue_to(WORLD.paper_key, point, WINDOW), slot_at(NOON))
    return format_presentation(replace(members, device=point, proof=of(case, "sig")))


@pytest.mark.parametrize("case", ECDSA, ids=number_of)
def test_a_proof_at_the_door_is_a_right_signature(
    case: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verification, "proof_message", lambda **_: of(case, "msg"))
    decided = at_the_door(shown(case))
    if len(of(case, "sig")) != PROOF_BYTES:
        assert (case["result"], decided) == ("invalid", "not_a_pass")
    elif case["result"] == "invalid":
        assert decided == "bad_proof"
    elif has_high_s(case):
        assert decided in {"admit", "bad_proof"}
    else:
        assert decided == "admit"


@pytest.mark.parametrize("case", ECDSA, ids=number_of)
def test_a_signature_of_a_jws_has_r_and_s_of_32_bytes(case: dict[str, Any]) -> None:
    point = point_of(case)
    text = f"{of(case, 'msg').decode('ascii')}.{b64url_encode(of(case, 'sig'))}"
    signed = UnverifiedJws(text, {"alg": "ES256", "typ": Typ.TRUST.value}, {})
    assert is_verified(signed, key_from_point(point.x, point.y)) == (case["result"] == "valid")


# JWS


def is_verified(jws: UnverifiedJws, key: Any, typ: Typ = Typ.TRUST) -> bool:
    try:
        verify(jws, typ=typ, key=key)
    except InvalidJws:
        return False
    return True


KEY_OF_JWS = next(case["key"] for case in JWS if case["comment"] == "acceptsValid" and case["key"])


@pytest.mark.parametrize("case", JWS, ids=number_of)
def test_a_jws_of_others_is_never_one_of_ours(case: dict[str, Any]) -> None:
    """None of them says what it is for, whatever its algorithm and its key."""
    key = key_from_jwk(case["key"] or KEY_OF_JWS)
    try:
        cut = parse(case["jws"])
    except InvalidJws:
        return
    assert not any(is_verified(cut, key, typ) for typ in Typ)


@pytest.mark.parametrize(
    "case",
    [case for case in JWS if case["key"] and case["key"].get("alg") == "ES256"],
    ids=number_of,
)
def test_of_a_jws_that_said_what_it_is_for_the_signature_would_decide(case: dict[str, Any]) -> None:
    """Payloads are left as they are: few of these are JSON, which comes before the signature."""
    parts = case["jws"].split(".")
    try:
        header = json.loads(b64url_decode(parts[0])) | {"typ": Typ.TRUST.value}
        jws = UnverifiedJws(case["jws"], header, {})
        verified = len(parts) == 3 and is_verified(jws, key_from_jwk(case["key"]))
    except ValueError:
        verified = False
    assert verified == (case["result"] == "valid")


# RSA-PSS


@pytest.mark.parametrize("case", PSS, ids=number_of)
def test_a_token_at_the_door_is_a_right_signature(
    case: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verification, "token_input", lambda **_: of(case, "msg"))
    key = BUNDLE.pass_keys[0]
    modulus = of(case, "modulus")[-MODULUS_BYTES:]
    key = replace(key, id=token_key_id(modulus), modulus=modulus)
    bundle = replace(BUNDLE, pass_keys=(key,))
    signature = of(case, "sig")
    device, slot = WORLD.paper_key, slot_at(NOON)
    proven = proof_message(token=of(case, "msg") + signature, slot=slot, venue=bytes(16))
    code = Presentation(key.id[:4], device.point, signature, slot, device.prove(proven))
    decided = at_the_door(format_presentation(code), bundle)
    if len(signature) != MODULUS_BYTES:
        assert (case["result"], decided) == ("invalid", "not_a_pass")
    else:
        assert decided == ("admit" if case["result"] == "valid" else "bad_signature")


@pytest.mark.parametrize("case", PSS, ids=number_of)
def test_a_wallet_keeps_a_right_signature_and_no_other(case: dict[str, Any]) -> None:
    one = (1).to_bytes(MODULUS_BYTES, "big")
    n = int.from_bytes(of(case, "modulus"), "big")
    try:
        kept = finalize(of(case, "msg"), of(case, "sig"), n=n, inverse=one)
    except BlindingError:
        assert case["result"] == "invalid"
    else:
        assert (case["result"], kept) == ("valid", of(case, "sig"))


# X25519

REFUSED_KEYS = stricter("x25519")


def is_refused_here(case: dict[str, Any]) -> bool:
    return not REFUSED_KEYS.isdisjoint(case["flags"])


@pytest.mark.parametrize("case", X25519, ids=number_of)
def test_a_public_key_of_x25519_is_loaded_unless_its_flag_is_in_the_table(
    case: dict[str, Any],
) -> None:
    if is_refused_here(case):
        assert case["result"] == "acceptable"
        with pytest.raises(ValueError, match=r"canonical|shared key"):
            load_public_key(of(case, "public"))
    else:
        key = load_public_key(of(case, "public"))
        own = X25519PrivateKey.from_private_bytes(of(case, "private"))
        assert own.exchange(key) == of(case, "shared")


@pytest.mark.parametrize("case", X25519, ids=number_of)
def test_what_is_sealed_with_the_shared_secret_is_recognised_and_opened(
    case: dict[str, Any],
) -> None:
    own = X25519PrivateKey.from_private_bytes(of(case, "private"))
    to, enc = public_half(of(case, "private")), of(case, "public")
    sealed = hpke.seal_with(of(case, "shared"), b"plain", enc=enc, to=to, info=b"info")
    opens = Recogniser(own, b"info").opens(Sealed(sealed, X25519PublicKey.from_public_bytes(enc)))
    assert opens == ("ZeroSharedSecret" not in case["flags"])
    if opens:
        assert SUITE.decrypt(sealed, own, b"info") == b"plain"


# HKDF


def first_block(case: dict[str, Any]) -> bytes:
    """What is derived, as far as it is within the first block of 32 bytes."""
    return of(case, "okm")[:KEY_BYTES]


WITHOUT_SALT = [case for case in HKDF if not case["salt"]]


@pytest.mark.parametrize("case", HKDF, ids=number_of)
def test_one_block_of_hkdf_is_what_recognises_a_record(case: dict[str, Any]) -> None:
    key = recognition._extract(of(case, "salt"), of(case, "ikm"))
    block = recognition._extract(key, of(case, "info") + b"\x01")
    assert block[: case["size"]] == first_block(case)
    extracted = hpke.extract(of(case, "salt"), of(case, "ikm"))
    assert hpke.expand(extracted, of(case, "info"), case["size"]) == of(case, "okm")


@pytest.mark.parametrize("case", WITHOUT_SALT, ids=number_of)
def test_a_key_of_the_store_is_derived_by_hkdf(case: dict[str, Any]) -> None:
    assert store._derive(of(case, "ikm"), of(case, "info"))[: case["size"]] == first_block(case)


@pytest.mark.parametrize(
    "case", [case for case in WITHOUT_SALT if len(of(case, "ikm")) == KEY_BYTES], ids=number_of
)
def test_a_key_of_an_hour_is_derived_by_hkdf(
    case: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hour_keys, "hour_bytes", lambda _: b"")
    key = derive_hour_key(of(case, "ikm"), 0, label=of(case, "info"))
    assert key[: case["size"]] == first_block(case)


# AES-GCM


@pytest.mark.parametrize("case", [c for c in GCM if c["keySize"] == 256], ids=number_of)
def test_a_record_of_the_store_is_opened_only_if_nothing_was_changed(
    case: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    day = DayKey("2026-03-17", bytes(KEY_BYTES))
    monkeypatch.setattr(day, "_aead", AESGCM(of(case, "key")))
    monkeypatch.setattr(DayKey, "_bound", lambda *_: of(case, "aad"))
    sealed = of(case, "iv") + of(case, "ct") + of(case, "tag")
    try:
        opened = day.open(Kind.CODE, sha256().digest(), sealed, expires_at=0)
    except StoreError:
        assert case["result"] == "invalid"
    else:
        plain = of(case, "msg")
        assert case["result"] == "valid"
        assert opened.expires == int.from_bytes(plain[:8], "big")
        assert opened.payload == plain[10 : 10 + int.from_bytes(plain[8:10], "big")]


@pytest.mark.parametrize("case", [c for c in GCM if c["result"] == "valid"], ids=number_of)
def test_aes_gcm_seals_with_keys_of_both_lengths_as_elsewhere(case: dict[str, Any]) -> None:
    sealed = AESGCM(of(case, "key")).encrypt(of(case, "iv"), of(case, "msg"), of(case, "aad"))
    assert sealed == of(case, "ct") + of(case, "tag")
