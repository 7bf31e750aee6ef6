"""A bundle becomes an entry of the log, and is published once enough witnesses have signed for it.

The rules are docs/formats.md, "The log". All but :func:`ask_for_waiting` is for a holder of the
lock of making; that one asks the network, and nobody has to wait for it.
"""

from issuer.authority import Authority, Published
from issuer.home import Home
from issuer.keys.roots import load_delegations
from issuer.log.bundles import keep_bundle, load_bundle
from issuer.log.log import Log
from issuer.log.witnesses import Answers, ask_witnesses, keep_answers
from schemas.encoding import b64url_encode
from schemas.jws import parse
from schemas.kinds import HOUR
from schemas.log.entries import bundle_entry, join_carried, split_carried
from schemas.log.notes import VerifierKey, signers
from schemas.log.proofs import parse_proof
from schemas.root_statements import RootStatement, parse_signed
from shell.files import read_private, write_private

PATIENCE = 12 * HOUR
"""Seconds that a bundle may wait for witnesses before people are told."""


def last_entry(authority: Authority) -> bytes | None:
    """The entry that the next one comes after, 32 bytes; None of an empty log."""
    log = open_log(authority)
    return log.entry(log.size - 1)


def last_version(authority: Authority) -> int:
    """The version of the last bundle in the log, published or not; 0 where that is not known.

    An interruption can leave one in the log that nothing else here knows of.
    """
    log, entry = open_log(authority), last_entry(authority)
    jws = None if entry is None else load_bundle(log.folder, b64url_encode(entry))
    return 0 if jws is None else int(parse(jws.decode("ascii")).unverified_payload["version"])


def enter_bundle(authority: Authority, jws: bytes, now: int) -> None:
    """Add a bundle to the log; it waits there until :func:`publish_entered`.

    From then on whoever reads the log gets it by its digest, so it is kept first.
    """
    keep_bundle(open_log(authority).folder, jws, now)
    proof = _enter(authority.home, authority.chain.last, bundle_entry(jws))
    write_private(authority.home.entered_bundle, join_carried(jws, proof))


def ask_for_waiting(authority: Authority) -> Answers | None:
    """What witnesses say of the log with the bundle that waits; None where nobody is to be asked.

    It takes as long as the slowest of them, so no lock is held meanwhile. Raises CommandError.
    """
    statement = authority.chain.last
    if authority.entered() is None or not statement.witnesses:
        return None
    return ask_witnesses(open_log(authority), _addresses(statement))


def publish_entered(authority: Authority, answers: Answers | None) -> bool:
    """Put the bundle that waits in force, if there is one and the quorum signs; whether it did.

    Until then the bundle before it stays in force. ``answers`` were given before the lock was
    taken: of a log that has grown since they count for nothing, and a bundle of an earlier root
    statement is of a log that no longer goes on.
    """
    waiting = authority.entered()
    if waiting is None or list(waiting.delegations) != load_delegations(authority.home):
        return False
    jws, proof = split_carried(waiting.data)
    log = open_log(authority)
    if answers is not None:
        keep_answers(log, answers)
    if not _has_quorum(log, authority.chain.last):
        return False
    renewed = log.proof(parse_proof(proof).index)
    write_private(authority.home.bundle, join_carried(jws, renewed.text))
    authority.home.entered_bundle.unlink()
    return True


def hand_over(home: Home, statement: RootStatement, before: RootStatement) -> None:
    """Say in the log before that ``statement`` changes what is watched, and keep the proof.

    Where that log is lost, or its witnesses do not sign, there is none: clients then tell people.
    Witnesses are asked while the lock is held, for half a minute at most: the log before must not
    grow until the statement is in force, and what is watched changes seldom.
    """
    place = home.handover(statement.version)
    place.unlink(missing_ok=True)
    if statement.is_watched_like(before):
        return
    log = Log.open(home, before.place.number)
    index = log.append(statement.entry)
    log.sign()
    if before.witnesses:
        keep_answers(log, ask_witnesses(log, _addresses(before)))
    if _has_quorum(log, before):
        write_private(place, log.proof(index).text.encode("utf-8"))


def load_handover(home: Home, last: RootStatement) -> str | None:
    """The proof that the log before knows of the last statement; None where there is none."""
    try:
        return read_private(home.handover(last.version)).decode("utf-8")
    except FileNotFoundError:
        return None


def is_same_log(authority: Authority, published: Published) -> bool:
    """Whether a bundle is of the log that goes on, so that clients compare the next one with it."""
    last = parse_signed(published.delegations[-1]).statement
    return last.log == authority.chain.last.log


def is_stuck(authority: Authority, now: int) -> bool:
    """Whether witnesses have kept the next bundle back for twelve hours.

    It is the one in force that tells: what waits is made anew when its keys must be.
    """
    waiting = authority.entered()
    if waiting is None:
        return False
    in_force = authority.published() or waiting
    return now - in_force.bundle.iat > PATIENCE


def open_log(authority: Authority) -> Log:
    """The log that the last root statement names. Raises CommandError."""
    return Log.open(authority.home, authority.chain.last.place.number)


def _has_quorum(log: Log, statement: RootStatement) -> bool:
    """Whether enough witnesses of a statement have cosigned the checkpoint in force."""
    note = log.note
    signed = signers(note, [witness.key for witness in statement.witnesses]) if note else ()
    return len(signed) >= statement.quorum


def _addresses(statement: RootStatement) -> dict[VerifierKey, str]:
    return {witness.key: witness.url for witness in statement.witnesses}


def _enter(home: Home, statement: RootStatement, entry: bytes) -> str:
    log = Log.open(home, statement.place.number)
    index = log.append(entry)
    log.sign()
    return log.proof(index).text
