"""The issuer's log: what is added stays, and no second tree is ever signed."""

from hashlib import sha256
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from issuer.home import Home
from issuer.log.folder import log_folder, log_numbers
from issuer.log.keys import load_log_key, log_key_path
from issuer.log.log import Log, create_log
from schemas.log.checkpoints import Checkpoint
from schemas.log.merkle import EMPTY_ROOT, is_consistent
from schemas.log.notes import KeyType, Note, cosign, parse_note, sign_note, signers, vkey_of
from schemas.log.proofs import cosigners, in_log, parse_proof
from shell.errors import CommandError
from shell.files import is_private
from tests.support import merkle

ISSUER = "qupia.example"
WITNESS = Ed25519PrivateKey.from_private_bytes(bytes(32))


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return new_home(tmp_path)


def new_home(folder: Path) -> Home:
    made = Home(folder / "home")
    made.make()
    create_log(made, number=1, token_issuer=ISSUER)
    return made


def entry(number: int) -> bytes:
    return sha256(f"entry {number}".encode()).digest()


def filled(home: Home, size: int) -> Log:
    """The log with ``size`` signed entries."""
    log = Log.open(home, 1)
    for number in range(log.size, size):
        log.append(entry(number))
    log.sign()
    return log


def root(size: int) -> bytes:
    return merkle.tree_hash([entry(number) for number in range(size)])


def signed_elsewhere(home: Home, size: int, tree: bytes) -> str:
    """A checkpoint under the log's own key that this home need not know."""
    log = Log.open(home, 1)
    text = Checkpoint(log.key.name, size, tree).text
    return Note(text, (sign_note(text, name=log.key.name, key=load_log_key(home, 1)),)).whole


def test_a_new_log_is_empty_and_its_key_is_named_for_its_address(home: Home) -> None:
    log = Log.open(home, 1)
    assert log.key.name == "qupia.example/.well-known/qupia/log/1"
    assert log.key.type is KeyType.ED25519
    assert log.key == vkey_of(load_log_key(home, 1), name=log.key.name, type=KeyType.ED25519)
    assert (log.size, log.note, log.checkpoint.root) == (0, None, EMPTY_ROOT)
    assert is_private(log_key_path(home, 1))


def test_an_entry_is_proven_to_be_in_the_log_once_a_checkpoint_is_signed(home: Home) -> None:
    log = filled(home, 40)
    for index in range(40):
        proof = parse_proof(log.proof(index).text)
        assert in_log(entry(index), proof, log_key=log.key).root == root(40)
        assert proof.tail.root_at(12) == root(12)


def test_the_log_is_the_same_for_whoever_opens_it_next(home: Home) -> None:
    before, after = filled(home, 5), Log.open(home, 1)
    assert (after.note, after.size, after.entry(3)) == (before.note, 5, entry(3))
    assert after.entry(5) is None
    assert after.entry(-1) is None


def test_what_another_process_has_added_is_seen(home: Home) -> None:
    one, other = filled(home, 3), Log.open(home, 1)
    assert one.append(entry(3)) == 3
    assert one.sign() == other.note
    assert other.append(entry(4)) == 4
    other.sign()
    assert one.checkpoint.root == root(5)
    assert in_log(entry(4), one.proof(4), log_key=one.key).size == 5


def test_an_entry_that_no_checkpoint_covers_is_not_proven_yet(home: Home) -> None:
    log = filled(home, 3)
    log.append(entry(3))
    with pytest.raises(ValueError, match="no such leaf"):
        log.proof(3)
    assert log.checkpoint.size == 3


def test_nothing_is_proven_before_the_first_checkpoint(home: Home) -> None:
    log = Log.open(home, 1)
    log.append(entry(0))
    with pytest.raises(ValueError, match="no checkpoint is signed yet"):
        log.proof(0)


def test_signing_again_gives_the_same_checkpoint_with_its_cosignatures(home: Home) -> None:
    log = filled(home, 3)
    line = cosign(log.checkpoint.text, name="w.example", key=WITNESS, at=1)
    kept = log.add_cosignatures([line])
    assert log.sign() == kept == Log.open(home, 1).note
    witness = vkey_of(WITNESS, name="w.example", type=KeyType.COSIGNATURE)
    assert cosigners(log.proof(1), [witness]) == 1


def test_a_later_cosignature_of_one_key_replaces_the_earlier(home: Home) -> None:
    log = filled(home, 3)
    for at in range(40):
        note = log.add_cosignatures(
            [cosign(log.checkpoint.text, name="w.example", key=WITNESS, at=at)]
        )
    assert len(note.signatures) == 2


def test_there_are_no_more_lines_than_a_reader_takes(home: Home) -> None:
    log = filled(home, 3)
    text = log.checkpoint.text
    lines = [cosign(text, name=f"w{at}.example", key=WITNESS, at=at) for at in range(30)]
    note = log.add_cosignatures(lines)
    assert len(parse_note(note.whole).signatures) == 16
    assert signers(note, [log.key]) == {log.key}


def test_no_cosignature_is_kept_before_the_first_checkpoint(home: Home) -> None:
    with pytest.raises(CommandError, match="nothing is signed yet"):
        Log.open(home, 1).add_cosignatures([])


def test_every_checkpoint_continues_those_before_it(home: Home) -> None:
    log = filled(home, 13)
    for old in range(1, 14):
        proof = log.consistency_proof(old, log.size)
        assert is_consistent(old, 13, old_root=root(old), new_root=root(13), proof=proof)


@given(st.integers(1, 31))
def test_half_an_entry_that_no_checkpoint_covers_is_cut(
    tmp_path_factory: pytest.TempPathFactory, size: int
) -> None:
    home = new_home(tmp_path_factory.mktemp("torn"))
    filled(home, 3)
    path = log_folder(home, 1).entries
    path.write_bytes(path.read_bytes() + bytes(range(1, size + 1)))
    log = Log.open(home, 1)
    assert log.size == 3
    assert log.append(entry(3)) == 3
    log.sign()
    assert log.checkpoint.root == root(4)
    assert path.stat().st_size == 4 * 32


def test_a_whole_entry_that_no_checkpoint_covers_is_kept(home: Home) -> None:
    filled(home, 3).append(entry(3))
    log = Log.open(home, 1)
    assert log.append(entry(4)) == 4
    log.sign()
    assert log.checkpoint.root == root(5)


@pytest.mark.parametrize("cut", [1, 32, 96])
def test_a_log_that_lacks_what_it_has_signed_is_refused(home: Home, cut: int) -> None:
    log = filled(home, 3)
    path = log.folder.entries
    path.write_bytes(path.read_bytes()[:-cut])
    with pytest.raises(CommandError, match=r"of 3 entries that were signed; restore .*entries"):
        Log.open(home, 1)


def test_a_log_with_other_entries_than_were_signed_is_refused(home: Home) -> None:
    path = filled(home, 3).folder.entries
    path.write_bytes(entry(7) + path.read_bytes()[32:])
    with pytest.raises(CommandError, match="other entries than were signed"):
        Log.open(home, 1)


def test_a_restored_checkpoint_of_another_tree_stops_a_running_issuer(home: Home) -> None:
    log = filled(home, 3)
    log.folder.checkpoint.write_text(signed_elsewhere(home, 3, root(4)))
    with pytest.raises(CommandError, match="other entries than were signed"):
        log.append(entry(3))
    with pytest.raises(CommandError, match="other entries than were signed"):
        log.sign()
    with pytest.raises(CommandError, match="other entries than were signed"):
        log.proof(1)
    assert log.folder.count() == 3


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"qupia.example\n3\n\n"])
def test_a_damaged_checkpoint_is_refused(home: Home, content: bytes) -> None:
    filled(home, 3).folder.checkpoint.write_bytes(content)
    with pytest.raises(CommandError, match=r"checkpoint is damaged; restore it from a backup"):
        Log.open(home, 1)


def test_a_checkpoint_of_another_log_is_refused(home: Home) -> None:
    text = Checkpoint("other.example", 3, root(3)).text
    note = Note(text, (sign_note(text, name="other.example", key=WITNESS),))
    filled(home, 3).folder.checkpoint.write_text(note.whole)
    with pytest.raises(CommandError, match="checkpoint is damaged"):
        Log.open(home, 1)


def test_a_larger_checkpoint_that_somebody_holds_stops_the_log_for_good(home: Home) -> None:
    log = filled(home, 3)
    theirs = signed_elsewhere(home, 5, root(5))
    with pytest.raises(CommandError, match="has 3 of 5 entries that were signed"):
        log.remember(theirs)
    with pytest.raises(CommandError, match="has 3 of 5 entries"):
        log.append(entry(3))
    with pytest.raises(CommandError, match="has 3 of 5 entries"):
        Log.open(home, 1)
    path = log.folder.entries
    path.write_bytes(b"".join(map(entry, range(5))))
    assert Log.open(home, 1).checkpoint.root == root(5)


def test_an_equal_or_smaller_checkpoint_of_the_same_tree_changes_nothing(home: Home) -> None:
    log = filled(home, 5)
    note = log.note
    for size in (0, 3, 5):
        log.remember(signed_elsewhere(home, size, root(size)))
    assert log.note == note


def test_a_smaller_checkpoint_of_another_tree_stops_the_log_for_good(home: Home) -> None:
    log = filled(home, 5)
    with pytest.raises(CommandError, match="other entries than were signed"):
        log.remember(signed_elsewhere(home, 3, root(4)))
    with pytest.raises(CommandError, match="other entries than were signed"):
        log.sign()
    with pytest.raises(CommandError, match="other entries than were signed"):
        Log.open(home, 1)


def test_what_the_log_has_not_signed_is_not_remembered(home: Home) -> None:
    log = filled(home, 3)
    text = Checkpoint(log.key.name, 9, root(9)).text
    for strange in ("", "nothing", Note(text, (sign_note(text, name="x", key=WITNESS),)).whole):
        log.remember(strange)
    assert log.checkpoint.size == 3


def test_a_log_is_never_made_over_another(home: Home) -> None:
    with pytest.raises(CommandError, match="never overwritten; take the next number"):
        create_log(home, number=1, token_issuer=ISSUER)
    log_key_path(home, 1).unlink()
    filled_again = log_folder(home, 1)
    filled_again.append(entry(0))
    with pytest.raises(CommandError, match="never overwritten"):
        create_log(home, number=1, token_issuer=ISSUER)


def test_an_interrupted_making_of_a_log_can_be_done_again(home: Home) -> None:
    key = Log.open(home, 1).key
    log_folder(home, 1).key.unlink()
    assert create_log(home, number=1, token_issuer=ISSUER) == key
    log_key_path(home, 1).unlink()
    assert create_log(home, number=1, token_issuer=ISSUER) != key


def test_logs_stand_in_the_order_of_their_numbers(home: Home) -> None:
    for number in (2, 10, 3):
        create_log(home, number=number, token_issuer=ISSUER)
    assert log_numbers(home) == [1, 2, 3, 10]


def test_another_private_key_signs_nothing(home: Home) -> None:
    log = Log.open(home, 1)
    log.append(entry(0))
    create_log(home, number=2, token_issuer=ISSUER)
    log_key_path(home, 2).replace(log_key_path(home, 1))
    with pytest.raises(CommandError, match="is not the key of log 1"):
        log.sign()


@pytest.mark.parametrize(
    ("content", "error"), [(b"", "no usable key"), (None, "is missing; restore it")]
)
def test_a_key_that_cannot_be_used_is_named(home: Home, content: bytes | None, error: str) -> None:
    path = log_key_path(home, 1)
    path.unlink()
    if content is not None:
        path.write_bytes(content)
        path.chmod(0o600)
    with pytest.raises(CommandError, match=error):
        load_log_key(home, 1)


def test_a_log_that_is_not_there_is_not_opened(home: Home) -> None:
    with pytest.raises(CommandError, match="there is no log in"):
        Log.open(home, 2)
    log_folder(home, 1).key.write_text("x")
    with pytest.raises(CommandError, match="key is damaged"):
        Log.open(home, 1)


def test_an_entry_has_32_bytes(home: Home) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        Log.open(home, 1).append(b"x")


def test_a_log_that_is_removed_leaves_nothing(home: Home) -> None:
    filled(home, 3).folder.remove()
    assert log_numbers(home) == []
