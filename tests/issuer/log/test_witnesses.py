"""The issuer asks witnesses, keeps what their own keys have signed, and nothing else stops it."""

from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from issuer.home import Home
from issuer.log.log import Log, create_log
from issuer.log.witnesses import (
    NotCosigned,
    WitnessFault,
    ask_largest,
    ask_witnesses,
    format_request,
    keep_answers,
    parse_cosignature,
    parse_seen,
)
from schemas.log.notes import KeyType, Note, cosign, sign_note, vkey_of
from schemas.log.proofs import cosigners
from shell.errors import CommandError
from shell.fetching import Answer
from tests.support.witnesses import Witnesses, WitnessInMemory, answer
from tests.support.world import NOON

NAMES = ("one.example/w", "two.example/w", "three.example/w")


def entry(number: int) -> bytes:
    return sha256(f"entry {number}".encode()).digest()


def add(log: Log, number: int = 1) -> None:
    for _ in range(number):
        log.append(entry(log.size))
    log.sign()


@pytest.fixture
def log(tmp_path: Path) -> Log:
    home = Home(tmp_path / "home")
    home.make()
    create_log(home, number=1, token_issuer="qupia.example")
    return Log.open(home, 1)


@pytest.fixture
def witnesses(log: Log) -> Witnesses:
    return Witnesses(tuple(WitnessInMemory(name, log.key) for name in NAMES))


def collect(log: Log, witnesses: Witnesses) -> Mapping[str, WitnessFault]:
    answers = ask_witnesses(log, witnesses.addresses, transport=witnesses.send)
    keep_answers(log, answers)
    return {key.name: fault for key, fault in answers.faults.items()}


def remember(log: Log, witnesses: Witnesses) -> None:
    for text in ask_largest(log, witnesses.addresses, transport=witnesses.send):
        log.remember(text)


def count(log: Log, witnesses: Witnesses) -> int:
    """How many cosignatures a reader of the last proof counts."""
    return cosigners(log.proof(log.checkpoint.size - 1), witnesses.addresses)


def test_witnesses_that_have_seen_each_bundle_are_asked_once_a_bundle(
    log: Log, witnesses: Witnesses
) -> None:
    for size in range(1, 12):
        add(log)
        assert collect(log, witnesses) == {}
        assert count(log, witnesses) == 3
        for witness in witnesses.members:
            assert (witness.size, len(witness.asked)) == (size, size)


def test_a_witness_that_was_away_says_what_it_has_seen(log: Log, witnesses: Witnesses) -> None:
    away = witnesses.members[0]
    add(log, 3)
    collect(log, witnesses)
    away.is_down = True
    add(log, 10)
    assert collect(log, witnesses) == {away.name: WitnessFault.UNREACHABLE}
    assert count(log, witnesses) == 2
    away.is_down = False
    asked = len(witnesses.members[1].asked)
    assert collect(log, witnesses) == {}
    assert count(log, witnesses) == 3
    assert away.size == 13
    assert len(witnesses.members[1].asked) == asked, "who has cosigned is not asked again"


def test_a_new_witness_is_shown_the_whole_log_at_once(log: Log, witnesses: Witnesses) -> None:
    add(log, 40)
    assert collect(log, witnesses) == {}
    assert [witness.asked for witness in witnesses.members] == [["POST /add-checkpoint"] * 2] * 3


def test_a_checkpoint_that_a_witness_has_cosigned_already_is_cosigned_again(
    log: Log, witnesses: Witnesses
) -> None:
    """Its answer was lost, or the cosignature was, here."""
    add(log, 5)
    collect(log, witnesses)
    bare = Note(log.checkpoint.text, log.note.signatures[:1] if log.note else ())
    log.folder.checkpoint.write_text(bare.whole)
    assert count(log, witnesses) == 0
    assert collect(log, witnesses) == {}
    assert count(log, witnesses) == 3


def lie(body: str, status: int = 200) -> Answer:
    return answer(status, body)


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        (lie(""), WitnessFault.WRONG_ANSWER),
        (lie("no line"), WitnessFault.WRONG_ANSWER),
        (lie("x" * 60_000), WitnessFault.WRONG_ANSWER),
        (Answer(200, b"\xff\xfe", "", ""), WitnessFault.WRONG_ANSWER),
        (lie("many", 409), WitnessFault.WRONG_ANSWER),
        (lie("-1\n", 409), WitnessFault.WRONG_ANSWER),
        (lie("3", 409), WitnessFault.REFUSED),
        (lie("9223372036854775807\n", 409), WitnessFault.AHEAD),
        (lie("9223372036854775808\n", 409), WitnessFault.WRONG_ANSWER),
        *(
            (lie("", status), WitnessFault.REFUSED)
            for status in (204, 301, 307, 403, 404, 422, 500)
        ),
    ],
)
def test_a_witness_that_answers_otherwise_has_not_cosigned_and_stops_nobody(
    log: Log, witnesses: Witnesses, given: Answer, fault: WitnessFault
) -> None:
    liar = witnesses.members[1]
    liar.cheat = lambda _: given
    add(log, 5)
    assert collect(log, witnesses) == {liar.name: fault}
    assert count(log, witnesses) == 2
    add(log)
    assert log.checkpoint.size == 6


def test_a_line_of_another_witness_is_not_taken(log: Log, witnesses: Witnesses) -> None:
    one, liar, _ = witnesses.members
    add(log, 2)
    line = cosign(log.checkpoint.text, name=one.name, key=one.private, at=NOON).line
    liar.cheat = lambda _: answer(200, line)
    assert collect(log, witnesses) == {liar.name: WitnessFault.WRONG_ANSWER}


def test_only_the_line_of_the_witness_itself_is_taken(log: Log, witnesses: Witnesses) -> None:
    liar = witnesses.members[1]
    strange = sign_note("x\n", name="stranger.example", key=liar.private).line
    liar.cheat = lambda given: answer(given.status, strange + given.body.decode())
    add(log)
    assert collect(log, witnesses) == {}
    assert log.note is not None
    assert [line.name for line in log.note.signatures] == [log.key.name, *NAMES]


def test_a_cosignature_on_another_checkpoint_is_not_taken(log: Log, witnesses: Witnesses) -> None:
    liar = witnesses.members[1]
    add(log)
    before = log.checkpoint.text
    liar.cheat = lambda _: answer(
        200, cosign(before, name=liar.name, key=liar.private, at=NOON).line
    )
    add(log)
    assert collect(log, witnesses) == {liar.name: WitnessFault.WRONG_ANSWER}
    assert count(log, witnesses) == 2


def restored_after(log: Log, witnesses: Witnesses, number: int) -> Log:
    """A log whose last ``number`` of entries are seen by witnesses, and lost in a restore here."""
    add(log, 3)
    collect(log, witnesses)
    entries, checkpoint = log.folder.entries.read_bytes(), log.folder.checkpoint.read_bytes()
    add(log, number)
    collect(log, witnesses)
    log.folder.entries.write_bytes(entries)
    log.folder.checkpoint.write_bytes(checkpoint)
    return Log.open(Home(log.folder.path.parents[1]), 1)


def test_a_restored_log_that_a_witness_has_seen_larger_signs_nothing_more(
    log: Log, witnesses: Witnesses
) -> None:
    restored = restored_after(log, witnesses, 2)
    with pytest.raises(CommandError, match="has 3 of 5 entries that were signed"):
        remember(restored, witnesses)
    with pytest.raises(CommandError, match="has 3 of 5 entries that were signed"):
        restored.append(entry(3))


def test_a_forgotten_restore_comes_out_with_the_next_bundle(log: Log, witnesses: Witnesses) -> None:
    restored = restored_after(log, witnesses, 2)
    add(restored)
    with pytest.raises(CommandError, match="has 4 of 5 entries that were signed"):
        collect(restored, witnesses)


def test_a_restored_log_that_has_grown_another_way_is_stopped(
    log: Log, witnesses: Witnesses
) -> None:
    restored = restored_after(log, witnesses, 1)
    for number in (8, 9):
        restored.append(entry(number))
    restored.sign()
    with pytest.raises(CommandError, match="has other entries than were signed"):
        collect(restored, witnesses)
    with pytest.raises(CommandError, match="has other entries than were signed"):
        restored.append(entry(5))


def test_witnesses_that_hold_nothing_or_are_down_do_not_stop_a_log_that_is_whole(
    log: Log, witnesses: Witnesses
) -> None:
    add(log, 3)
    witnesses.members[0].is_down = True
    witnesses.members[1].cheat = lambda _: answer(200, "a checkpoint of nobody")
    remember(log, witnesses)
    assert log.checkpoint.size == 3


def test_nobody_is_asked_before_the_first_checkpoint(log: Log, witnesses: Witnesses) -> None:
    with pytest.raises(CommandError, match="nothing is signed yet"):
        collect(log, witnesses)
    assert witnesses.members[0].asked == []


def test_without_witnesses_nobody_is_asked(log: Log) -> None:
    add(log)
    assert collect(log, Witnesses(())) == {}


def test_a_request_has_the_form_of_tlog_witness(log: Log, witnesses: Witnesses) -> None:
    add(log, 2)
    collect(log, witnesses)
    note = log.note
    assert note is not None
    body = format_request(note, old=1, proof=[bytes(32)], key=log.key).decode()
    ours = note.signatures[0].line
    assert body == f"old 1\n{'A' * 43}=\n\n{note.text}\n{ours}"


@given(st.binary(max_size=200))
def test_any_answer_is_a_cosignature_or_a_fault(body: bytes) -> None:
    key = vkey_of(Ed25519PrivateKey.generate(), name="w.example", type=KeyType.COSIGNATURE)
    with pytest.raises(NotCosigned, match="wrong_answer"):
        parse_cosignature(body, text="o\n1\nx\n", key=key)


@given(st.binary(max_size=30))
def test_any_size_is_a_decimal_or_a_fault(body: bytes) -> None:
    try:
        seen = parse_seen(body)
    except NotCosigned as refused:
        assert refused.fault is WitnessFault.WRONG_ANSWER
    else:
        assert body.removesuffix(b"\n") == str(seen).encode()
