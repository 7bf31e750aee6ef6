"""A proof shows that one entry is in one log, and who has seen that log; all else is refused."""

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from schemas.encoding import b64_decode
from schemas.log.checkpoints import Checkpoint
from schemas.log.faults import LogFault, LogRejected
from schemas.log.merkle import Tree, leaf_hash
from schemas.log.notes import KeyType, Note, cosign, parse_vkey, sign_note, vkey_of
from schemas.log.proofs import Proof, cosigners, in_log, parse_proof
from schemas.log.tails import tail_of
from tests.support.vectors import log_cases

ORIGIN = "qupia.example/.well-known/qupia/log/1"
KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))
LOG = vkey_of(KEY, name=ORIGIN, type=KeyType.ED25519)
ENTRIES = [bytes((number,)) * 32 for number in range(70)]
TREE = Tree(map(leaf_hash, ENTRIES))
PLACES = st.integers(1, 70).flatmap(lambda size: st.tuples(st.just(size), st.integers(0, size - 1)))


def proof_of(size: int, index: int) -> Proof:
    checkpoint = Checkpoint(ORIGIN, size, TREE.root(size))
    note = Note(checkpoint.text, (sign_note(checkpoint.text, name=ORIGIN, key=KEY),))
    path = tuple(TREE.inclusion_proof(index, size))
    return Proof(index, path, checkpoint, note, tail_of(TREE, size))


def judged(case: dict[str, Any]) -> dict[str, Any]:
    """What is read from the proof of a case, or why it is refused."""
    log = parse_vkey(case["log"], type=KeyType.ED25519)
    witnesses = [parse_vkey(text, type=KeyType.COSIGNATURE) for text in case["witnesses"]]
    try:
        proof = parse_proof(case["proof"])
        checkpoint = in_log(b64_decode(case["entry"]), proof, log_key=log)
        count = cosigners(proof, witnesses)
    except LogRejected as rejected:
        return {"reason": rejected.fault.value}
    assert proof.text == case["proof"]
    assert proof.tail.root_at(checkpoint.size) == checkpoint.root
    size, index = str(checkpoint.size), str(proof.index)
    return {"reason": None, "size": size, "index": index, "cosigners": count}


@pytest.mark.parametrize("case", log_cases("proofs"), ids=lambda case: str(case["name"]))
def test_a_proof_is_judged_as_the_vector_says(case: dict[str, Any]) -> None:
    assert judged(case) == {name: case[name] for name in judged(case)}
    assert judged(case)["reason"] == case["reason"]


@given(PLACES)
def test_a_proof_goes_there_and_back(place: tuple[int, int]) -> None:
    size, index = place
    proof = proof_of(size, index)
    assert parse_proof(proof.text) == proof
    assert in_log(ENTRIES[index], proof, log_key=LOG).size == size


@given(PLACES, st.data())
def test_a_proof_with_one_character_changed_is_refused_or_has_the_tail_of_another_tree(
    place: tuple[int, int], data: st.DataObject
) -> None:
    size, index = place
    text = proof_of(size, index).text
    at = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(st.sampled_from("\n\t =+/—09Aaz").filter(lambda c: c != text[at]))
    changed = text[:at] + other + text[at + 1 :]
    try:
        proof = parse_proof(changed)
        checkpoint = in_log(ENTRIES[index], proof, log_key=LOG)
    except LogRejected as rejected:
        assert rejected.fault is LogFault.NOT_IN_LOG
    else:
        # Nothing signs the tail, but another one gives another root.
        assert proof.tail.root_at(size) != checkpoint.root


@given(st.text())
def test_any_text_is_a_proof_or_not_in_the_log(text: str) -> None:
    with pytest.raises(LogRejected, match="not_in_log"):
        parse_proof(text)


def test_one_key_in_two_names_is_one_witness() -> None:
    proof = proof_of(3, 1)
    text, names = proof.note.text, ("one.example", "two.example")
    lines = tuple(cosign(text, name=name, key=KEY, at=0) for name in names)
    keys = [vkey_of(KEY, name=name, type=KeyType.COSIGNATURE) for name in names]
    twice = Proof(1, proof.path, proof.checkpoint, Note(text, lines), proof.tail)
    assert cosigners(twice, keys) == 1
