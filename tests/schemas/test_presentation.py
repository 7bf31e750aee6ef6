import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.encoding import BASE45_ALPHABET
from schemas.presentation import (
    ORDER,
    TEXT_LENGTH,
    Presentation,
    format_presentation,
    has_low_s,
    join_proof,
    parse_presentation,
    proof_message,
    slot_at,
)
from schemas.token import DevicePoint
from shell.pictures import qr_matrix, qr_version


def of_length(size: int) -> st.SearchStrategy[bytes]:
    return st.binary(min_size=size, max_size=size)


PRESENTATIONS = st.builds(
    Presentation,
    key_prefix=of_length(4),
    device=st.builds(DevicePoint, x=of_length(32), y=of_length(32)),
    signature=of_length(256),
    slot=st.integers(min_value=0, max_value=2**32 - 1),
    proof=of_length(64),
)
ZERO = Presentation(bytes(4), DevicePoint(bytes(32), bytes(32)), bytes(256), 0, bytes(64))


@given(PRESENTATIONS)
def test_a_presentation_goes_there_and_back(presentation: Presentation) -> None:
    text = format_presentation(presentation)
    assert len(text) == TEXT_LENGTH
    assert parse_presentation(text) == presentation


def test_the_fields_follow_each_other_in_the_order_of_the_specification() -> None:
    data = bytes(range(256)) + bytes(range(136))
    presentation = Presentation(
        data[:4], DevicePoint(data[4:36], data[36:68]), data[68:324], 0x44454647, data[328:]
    )
    assert parse_presentation(format_presentation(presentation)) == presentation
    assert int.from_bytes(data[324:328], "big") == presentation.slot


@pytest.mark.parametrize("byte", [b"\x01", b"\x7f", b"\xff"])
def test_a_code_is_always_version_13_with_69_modules(byte: bytes) -> None:
    device = DevicePoint(byte * 32, byte * 32)
    text = format_presentation(Presentation(byte * 4, device, byte * 256, 2**32 - 1, byte * 64))
    assert qr_version(text) == 13
    assert len(qr_matrix(text)) == 69 + 2 * 4


@given(PRESENTATIONS)
def test_a_code_is_one_alphanumeric_segment(presentation: Presentation) -> None:
    assert set(format_presentation(presentation)) <= set(BASE45_ALPHABET.decode())


@pytest.mark.parametrize(
    "text",
    [
        "",
        "QP1:",
        format_presentation(ZERO)[:-1],
        format_presentation(ZERO) + "0",
        format_presentation(ZERO).replace("QP1:", "QP2:"),
        format_presentation(ZERO).replace("QP1:", "qp1:"),
        " " + format_presentation(ZERO)[:-1],
    ],
)
def test_a_text_of_another_form_is_not_a_pass(text: str) -> None:
    with pytest.raises(ValueError, match=r"not a pass|not base45"):
        parse_presentation(text)


def test_a_proof_is_over_label_token_slot_and_venue() -> None:
    message = proof_message(token=bytes(354), slot=0x01020304, venue=b"v" * 16)
    assert message.startswith(b"qupia-proof-v1")
    assert message.endswith(b"\x01\x02\x03\x04" + b"v" * 16)
    assert len(message) == 14 + 32 + 4 + 16


@pytest.mark.parametrize(("now", "slot"), [(0, 0), (29, 0), (30, 1), (1_773_730_800, 59_124_360)])
def test_a_slot_is_half_a_minute(now: int, slot: int) -> None:
    assert slot_at(now) == slot


@pytest.mark.parametrize(
    ("s", "is_low"),
    [(0, True), (1, True), ((ORDER - 1) // 2, True), ((ORDER + 1) // 2, False), (ORDER - 1, False)],
)
def test_s_is_low_up_to_half_of_the_order(s: int, is_low: bool) -> None:
    assert has_low_s(bytes(32) + s.to_bytes(32, "big")) is is_low


@given(st.integers(1, ORDER - 1), st.integers(1, ORDER - 1))
def test_both_signatures_of_a_message_that_verify_are_one_proof(r: int, s: int) -> None:
    proof = join_proof(r, s)
    assert proof == join_proof(r, ORDER - s)
    assert has_low_s(proof)
    assert int.from_bytes(proof[:32], "big") == r
    assert int.from_bytes(proof[32:], "big") in (s, ORDER - s)
