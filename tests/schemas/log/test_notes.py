"""A note says something only where a known key signed it, and is read in one form."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from schemas.encoding import b64_decode
from schemas.log.notes import (
    KeyType,
    Note,
    Signature,
    WrongSignature,
    cosign,
    parse_note,
    parse_vkey,
    sign_note,
    signers,
    vkey_of,
)
from tests.support.vectors import log_cases

KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))
LINES = st.text(st.characters(min_codepoint=32, exclude_categories=["Cs"]), max_size=30)
NAMES = st.text("abc./-0123", min_size=1, max_size=30)


@pytest.mark.parametrize("case", log_cases("vkeys"), ids=lambda case: str(case["name"]))
def test_a_verifier_key_is_read_in_its_one_form_only(case: dict[str, str]) -> None:
    kind = KeyType(int(case["type"]))
    if case["ok"]:
        assert parse_vkey(case["text"], type=kind).text == case["text"]
    else:
        with pytest.raises(ValueError, match=r"verifier key|base64"):
            parse_vkey(case["text"], type=kind)


def judged(case: dict[str, object]) -> tuple[int, str | None]:
    """How many of the keys of a case signed its note, and why it is refused."""
    keys = [
        parse_vkey(key["vkey"], type=KeyType(key["type"]))  # type: ignore[index]
        for key in case["keys"]  # type: ignore[attr-defined]
    ]
    try:
        note = parse_note(str(case["note"]))
    except ValueError:
        return 0, "malformed"
    try:
        return len(signers(note, keys)), None
    except WrongSignature:
        return 0, "wrong_signature"


@pytest.mark.parametrize("case", log_cases("notes"), ids=lambda case: str(case["name"]))
def test_a_note_is_judged_as_the_vector_says(case: dict[str, object]) -> None:
    assert judged(case) == (case["signers"], case["reason"])


@pytest.mark.parametrize("case", log_cases("cosignatures"), ids=lambda case: str(case["name"]))
def test_a_witness_signs_the_line_of_the_vector(case: dict[str, str]) -> None:
    key = Ed25519PrivateKey.from_private_bytes(b64_decode(case["seed"]))
    line = cosign(case["text"], name=case["key_name"], key=key, at=int(case["at"])).line
    assert line == case["line"]
    vkey = vkey_of(key, name=case["key_name"], type=KeyType.COSIGNATURE)
    assert vkey.text == case["vkey"]


@given(st.lists(LINES, min_size=1, max_size=5), st.lists(NAMES, min_size=1, max_size=16))
def test_what_is_signed_is_read_and_verified(lines: list[str], names: list[str]) -> None:
    text = "".join(f"{line}\n" for line in lines)
    note = Note(text, tuple(sign_note(text, name=name, key=KEY) for name in names))
    assert parse_note(note.whole) == note
    keys = [vkey_of(KEY, name=name, type=KeyType.ED25519) for name in names]
    assert signers(note, keys) == set(keys)


@given(st.text())
def test_any_text_is_a_note_or_a_value_error(text: str) -> None:
    try:
        note = parse_note(text)
    except ValueError:
        return
    assert note.whole == text


@given(NAMES)
def test_a_key_has_another_id_for_each_kind_of_signature(name: str) -> None:
    log, witness = (vkey_of(KEY, name=name, type=kind) for kind in KeyType)
    assert log.id != witness.id
    note = Note("text\n", (sign_note("text\n", name=name, key=KEY),))
    assert signers(note, [witness]) == frozenset()


def test_a_signature_of_a_known_key_that_is_too_short_is_wrong() -> None:
    key = vkey_of(KEY, name="w", type=KeyType.COSIGNATURE)
    note = Note("text\n", (Signature("w", key.id, b"\x00"),))
    with pytest.raises(WrongSignature, match="w did not sign this"):
        signers(note, [key])
