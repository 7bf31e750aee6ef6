"""A witness signs what continues the tree that it signed before, and nothing else."""

import asyncio
import json
import threading
from collections.abc import Callable
from hashlib import sha256
from http.client import HTTPConnection
from pathlib import Path

import pytest

from issuer.home import Home
from issuer.log.log import Log, create_log
from issuer.log.witnesses import ask_witnesses, keep_answers
from schemas.encoding import b64_encode
from schemas.log.checkpoints import Checkpoint
from schemas.log.notes import KeyType, Note, parse_note, parse_vkey, sign_note, signers
from shell.errors import CommandError
from tests.support.asgi import Reply, ask
from tests.support.commands import run_here
from tests.support.logs import MemoryLog
from tests.support.servers import PROGRAMS, ended_by, free_port, heard
from tests.support.world import NOON
from verifier.witness.app import BODY_LIMIT, WitnessService, create_app
from verifier.witness.files import WitnessFiles

NAME = "witness.example/w"


def log_of(size: int, token_issuer: str = "qupia.example") -> MemoryLog:
    log = MemoryLog(token_issuer)
    for number in range(size):
        log.append(bytes((number,)) * 32)
    return log


def body_of(log: MemoryLog, *, old: int, size: int, proof: list[bytes] | None = None) -> bytes:
    """A request as a log makes it."""
    note = log.proof(0, size).note
    if proof is None:
        proof = log.tree.consistency_proof(old, size) if 0 < old <= size else []
    lines = "".join(f"{b64_encode(node)}\n" for node in proof)
    return f"old {old}\n{lines}\n{note.whole}".encode()


class Asked:
    """A witness of the logs of ``qupia.example`` with files of its own."""

    def __init__(self, home: Path) -> None:
        self.files = WitnessFiles(home, NAME)
        self.files.prepare()
        self.witness = WitnessService(self.files, (log_of(0).vkey,), lambda: NOON)
        self.app = create_app(self.witness)

    def add(self, body: bytes) -> Reply:
        return asyncio.run(ask(self.app, "POST", "/add-checkpoint", (body,)))

    def get(self, origin: str) -> Reply:
        digest = sha256(origin.encode()).hexdigest()
        return asyncio.run(ask(self.app, "GET", f"/{digest}/checkpoint"))


@pytest.fixture
def asked(tmp_path: Path) -> Asked:
    return Asked(tmp_path / "witness")


def test_it_cosigns_a_log_that_grows(asked: Asked) -> None:
    log = log_of(9)
    for old, size in ((0, 1), (1, 4), (4, 4), (4, 9)):
        reply = asked.add(body_of(log, old=old, size=size))
        assert reply.status == 200
        text = log.proof(0, size).note.text
        note = parse_note(f"{text}\n{reply.body.decode()}")
        assert signers(note, [asked.files.vkey]) == {asked.files.vkey}


def test_it_serves_the_largest_checkpoint_with_both_signatures(asked: Asked) -> None:
    log = log_of(3)
    assert asked.get(log.origin).status == 404
    asked.add(body_of(log, old=0, size=3))
    note = parse_note(asked.get(log.origin).body.decode())
    assert note.text == log.proof(0, 3).note.text
    assert signers(note, [log.vkey, asked.files.vkey]) == {log.vkey, asked.files.vkey}


def test_who_takes_it_to_have_seen_another_size_is_told_which(asked: Asked) -> None:
    log = log_of(9)
    asked.add(body_of(log, old=0, size=5))
    for old in (0, 4, 6):
        reply = asked.add(body_of(log, old=old, size=9))
        assert (reply.status, reply.body) == (409, b"5\n")
        assert reply.headers["content-type"].startswith("text/x.tlog.size")


def test_a_smaller_tree_is_never_signed(asked: Asked) -> None:
    log = log_of(9)
    asked.add(body_of(log, old=0, size=5))
    assert asked.add(body_of(log, old=5, size=4, proof=[])).status == 400
    assert asked.add(body_of(log, old=0, size=4)).status == 409


@pytest.mark.parametrize("size", [5, 9])
def test_another_tree_is_never_signed(asked: Asked, size: int) -> None:
    log = log_of(9)
    asked.add(body_of(log, old=0, size=5))
    fork = log.fork(4)
    for number in range(100, 105):
        fork.append(bytes((number,)) * 32)
    assert asked.add(body_of(fork, old=5, size=size)).status == 422
    assert asked.add(body_of(log, old=5, size=9)).status == 200


@pytest.mark.parametrize(
    "proof", [[], [bytes(32)], [bytes(32)] * 63], ids=["none", "one", "sixty-three"]
)
def test_a_wrong_proof_is_refused(asked: Asked, proof: list[bytes]) -> None:
    log = log_of(9)
    asked.add(body_of(log, old=0, size=5))
    assert asked.add(body_of(log, old=5, size=9, proof=proof)).status == 422


def test_a_proof_where_none_is_needed_is_refused(asked: Asked) -> None:
    assert asked.add(body_of(log_of(3), old=0, size=3, proof=[bytes(32)])).status == 422


def test_an_empty_tree_has_one_root(asked: Asked) -> None:
    log = log_of(1)

    def body(root: bytes) -> bytes:
        text = Checkpoint(log.origin, 0, root).text
        note = Note(text, (sign_note(text, name=log.origin, key=log.key),))
        return f"old 0\n\n{note.whole}".encode()

    assert asked.add(body(bytes(32))).status == 422
    assert asked.add(body(sha256(b"").digest())).status == 200


def test_a_log_that_is_not_watched_is_unknown(asked: Asked) -> None:
    assert asked.add(body_of(log_of(3, "other.example"), old=0, size=3)).status == 404


def test_a_checkpoint_that_the_log_did_not_sign_is_refused(asked: Asked) -> None:
    log, other = log_of(3), log_of(3, "other.example")
    text = log.proof(0, 3).note.text
    stranger = sign_note(text, name=other.origin, key=other.key)
    wrong = sign_note(text + "x\n", name=log.origin, key=log.key)
    for signature in (stranger, wrong):
        body = f"old 0\n\n{Note(text, (signature,)).whole}".encode()
        assert asked.add(body).status == 403


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda body: b"", id="nothing"),
        pytest.param(lambda body: b"\xff" + body, id="no text"),
        pytest.param(lambda body: body.replace(b"old 0", b"old 00"), id="a zero before"),
        pytest.param(lambda body: body.replace(b"old 0", b"old -1"), id="below nothing"),
        pytest.param(lambda body: body.replace(b"old 0\n", b"old 0\nAAAA\n"), id="a short hash"),
        pytest.param(lambda body: body.replace(b"old", b"new"), id="another word"),
        pytest.param(lambda body: body.replace(b"\n\n", b"\n"), id="no empty line"),
        pytest.param(lambda body: body + b"x" * BODY_LIMIT, id="too long"),
    ],
)
def test_a_request_of_another_form_is_malformed(
    asked: Asked, spoil: Callable[[bytes], bytes]
) -> None:
    assert asked.add(spoil(body_of(log_of(3), old=0, size=3))).status == 400


def test_what_was_signed_is_remembered_before_it_is_signed(
    asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = log_of(9)

    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr("verifier.witness.app.cosign", stop)
        with pytest.raises(KeyboardInterrupt):
            asked.witness.add_checkpoint(body_of(log, old=0, size=5))
    assert asked.add(body_of(log, old=0, size=4)).status == 409


def test_of_two_trees_that_come_at_once_one_is_signed(asked: Asked) -> None:
    log, replies = log_of(9), list[int]()
    fork = log.fork(0)
    for number in range(9):
        fork.append(bytes((100 + number,)) * 32)

    def submit(tree: MemoryLog) -> None:
        replies.append(asked.add(body_of(tree, old=0, size=9)).status)

    threads = [threading.Thread(target=submit, args=(tree,)) for tree in (log, fork) * 4]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (replies.count(200), replies.count(409)) == (1, 7)


@pytest.mark.parametrize("content", [b"{", b"", None], ids=["damaged", "empty", "lost"])
def test_without_the_file_of_what_was_signed_nothing_is_signed(
    asked: Asked, tmp_path: Path, content: bytes | None, capsys: pytest.CaptureFixture[str]
) -> None:
    """It could sign a second tree."""
    log, state = log_of(5), tmp_path / "witness" / "witness.json"
    asked.add(body_of(log, old=0, size=3))
    if content is None:
        state.unlink()
    else:
        state.write_bytes(content)
    assert asked.add(body_of(log, old=3, size=5)).status == 500
    assert asked.add(body_of(log, old=0, size=5)).status == 500
    assert asked.get(log.origin).status == 500
    assert "Traceback" not in capsys.readouterr().err
    with pytest.raises(CommandError, match=r"witness\.json is missing or damaged: nothing is"):
        WitnessFiles(tmp_path / "witness", NAME).prepare()


def test_a_first_start_that_was_interrupted_can_be_made_again(tmp_path: Path) -> None:
    home = tmp_path / "witness"
    Asked(home)
    (home / "witness.pem").unlink()
    assert Asked(home).add(body_of(log_of(3), old=0, size=3)).status == 200


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (("--name", "a b", "--log", log_of(0).vkey.text), "--name is a word without spaces"),
        (("--name", NAME, "--log", "x"), "--log is the verifier key of a log"),
    ],
)
def test_wrong_words_are_one_line(words: tuple[str, ...], error: str, tmp_path: Path) -> None:
    home = str(tmp_path / "w")
    outcome = run_here("qupia-verifier", "witness", *words, "--home", home, clock=lambda: NOON)
    assert outcome.status == 2
    assert error in outcome.err


@pytest.mark.process
def test_an_issuer_asks_a_real_witness(tmp_path: Path) -> None:
    home, port = Home(tmp_path / "issuer"), free_port()
    home.make()
    key = create_log(home, number=1, token_issuer="qupia.example")
    log = Log.open(home, 1)
    words = ("--name", NAME, "--log", key.text, "--port", str(port), "--home", tmp_path / "w")
    with heard([PROGRAMS / "qupia-verifier", "witness", *map(str, words), "--json"]) as process:
        assert process.stdout is not None
        members = json.loads(process.stdout.readline())
        vkey = parse_vkey(members["key"], type=KeyType.COSIGNATURE)
        for number in range(3):
            log.append(bytes((number,)) * 32)
            log.sign()
            answers = ask_witnesses(log, {vkey: members["url"]})
            keep_answers(log, answers)
            assert answers.faults == {}
            assert log.note is not None
            assert signers(log.note, [vkey]) == {vkey}
        connection = HTTPConnection("127.0.0.1", port)
        connection.request("GET", f"/{sha256(key.name.encode()).hexdigest()}/checkpoint")
        assert parse_note(connection.getresponse().read().decode()).text == log.note.text
        connection.close()
        assert ended_by(process, 2)[0] == 0
