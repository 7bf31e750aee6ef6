"""Whatever happens to an issuer, who holds its last bundle accepts the next one."""

import shutil
from collections.abc import Callable, Iterator
from typing import Any
from unittest.mock import patch

import pytest

from issuer.api.background import one_round
from issuer.keys.grid import list_keys
from issuer.keys.keyring import SigningKey
from issuer.keys.roots import Changes
from issuer.log import witnesses as asking
from issuer.log.bundles import load_bundle
from issuer.log.log import Log
from issuer.publication import entering, root_statements
from issuer.publication.entering import is_stuck, open_log
from issuer.publication.making import retire, silent
from schemas.bundle import TrustBundle
from schemas.encoding import b64url_encode
from schemas.jws import Typ, parse
from schemas.kinds import HOUR
from schemas.root_statements import Witness
from schemas.trust import TrustState, TrustWarning, accept_bundle
from shell.fetching import Answer
from shell.files import locked
from tests.support.issuers import Service
from tests.support.witnesses import Witnesses, WitnessInMemory


class Follower:
    """A client that takes every bundle there is and remembers what it must."""

    def __init__(self, issuer: Service) -> None:
        self._issuer = issuer
        self.state = TrustState(anchor=issuer.authority.anchor)
        self.held: bytes | None = None

    def take(self) -> TrustBundle:
        """Raises BundleRejected; asserts that nothing has to be read by a person."""
        published = self._issuer.authority.published()
        assert published is not None
        taken = accept_bundle(
            published.data, state=self.state, now=self._issuer.now, held=self.held
        )
        assert TrustWarning.LOG_REPLACED not in taken.warnings
        self.state, self.held = taken.state, taken.data
        return taken.bundle


@pytest.fixture
def follower(issuer: Service) -> Follower:
    made = Follower(issuer)
    made.take()
    return made


@pytest.fixture
def root(issuer: Service) -> SigningKey:
    return SigningKey.load(issuer.home.root_key, Typ.ROOT)


def pass_time(issuer: Service, hours: float = 6) -> None:
    issuer.clock.now += int(hours * HOUR)
    one_round(issuer.authority, issuer.clock)


def delegate(issuer: Service, *roots: SigningKey, **changes: Any) -> None:
    root_statements.delegate(
        issuer.authority, roots, Changes(**changes), now=issuer.now, progress=silent
    )


def replace_all(issuer: Service, *roots: SigningKey) -> None:
    root_statements.replace_all(
        issuer.authority, roots, reference_key=False, now=issuer.now, progress=silent
    )


def lose_a_pass_key(issuer: Service) -> None:
    list_keys(issuer.home.pass_keys)[-1].path.unlink()


def lose_all_seeds(issuer: Service) -> None:
    shutil.rmtree(issuer.home.tracing_seeds)


def restart(issuer: Service) -> None:
    issuer.reopen()


def retire_one(issuer: Service) -> None:
    retire(issuer.authority, issuer.authority.bundle().pass_keys[-1], issuer.now)


def test_no_bundle_of_forty_days_breaks_continuity(
    issuer: Service, follower: Follower, root: SigningKey
) -> None:
    seldom = Follower(issuer)
    seldom.take()
    new_root = SigningKey.generate(Typ.ROOT)
    events: dict[int, Callable[[], None]] = {
        7: lambda: retire_one(issuer),
        15: lambda: lose_a_pass_key(issuer),
        30: lambda: lose_all_seeds(issuer),
        44: lambda: restart(issuer),
        60: lambda: delegate(issuer, root),
        80: lambda: delegate(issuer, root, new_root, roots=(new_root.jwk,)),
        100: lambda: replace_all(issuer, new_root),
        120: lambda: delegate(issuer, new_root),
    }
    for step in range(160):
        events.get(step, lambda: None)()
        pass_time(issuer)
        follower.take()
        if step % 11 == 0:
            seldom.take()
    assert follower.state.root_version == 5
    assert seldom.take() == follower.take()


def test_a_lost_pass_key_is_retired_in_the_next_bundle(issuer: Service, follower: Follower) -> None:
    lost = list_keys(issuer.home.pass_keys)[-1]
    lost.path.unlink()
    pass_time(issuer)
    bundle = follower.take()
    assert lost.id in bundle.retired
    assert bundle.key_for(status=lost.cell.status, holder=lost.cell.holder, window=lost.cell.window)


# Interruptions


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("write", ["hand_over", "put_in_force", "destroy_log_keys"])
def test_a_statement_that_was_interrupted_can_be_made_again(
    issuer: Service,
    follower: Follower,
    root: SigningKey,
    monkeypatch: pytest.MonkeyPatch,
    write: str,
    after: bool,
) -> None:
    replace_all(issuer, root)
    follower.take()
    right = getattr(root_statements, write)

    def stop(*given: Any, **more: Any) -> None:
        if after:
            right(*given, **more)
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(root_statements, write, stop)
        with pytest.raises(KeyboardInterrupt):
            replace_all(issuer, root)
    pass_time(issuer)
    follower.take()
    newcomer = Follower(issuer)
    newcomer.take()
    replace_all(issuer, root)
    pass_time(issuer)
    follower.take()
    assert not list(issuer.home.keys.glob("log-1.pem"))


@pytest.mark.parametrize("write", ["write_private", "keep_bundle", "join_carried"])
def test_a_bundle_that_was_entered_and_not_published_is_made_good(
    issuer: Service, follower: Follower, monkeypatch: pytest.MonkeyPatch, write: str
) -> None:
    def stop(*_given: Any) -> None:
        raise KeyboardInterrupt

    for _ in range(3):
        issuer.clock.now += 6 * HOUR
        with monkeypatch.context() as broken:
            broken.setattr(entering, write, stop)
            with pytest.raises(KeyboardInterrupt):
                one_round(issuer.authority, issuer.clock)
        follower.take()
    one_round(issuer.authority, issuer.clock)
    before = follower.state.version
    pass_time(issuer)
    follower.take()
    assert follower.state.version > before
    log = issuer.authority.log(1)
    assert log is not None
    versions = [_version(log, entry) for entry in log.entries(0, log.size)]
    assert versions == list(range(1, log.size + 1))


def _version(log: Log, entry: bytes) -> int:
    """Of the bundle that is kept beside a log under its entry."""
    jws = load_bundle(log.folder, b64url_encode(entry))
    assert jws is not None
    return int(parse(jws.decode()).unverified_payload["version"])


# Witnesses


@pytest.fixture
def witness(issuer: Service, root: SigningKey) -> Iterator[WitnessInMemory]:
    """One that must sign each bundle."""
    member = WitnessInMemory("w.example", issuer.authority.chain.last.log)
    others = Witnesses((member,))

    def send(method: str, url: str, **more: Any) -> Answer:
        return others.send(method, url, **more)

    ask = asking.ask_witnesses

    def asked(log: Any, addresses: Any) -> Any:
        return ask(log, addresses, transport=send)

    with patch.object(entering, "ask_witnesses", asked):
        delegate(issuer, root, witnesses=(Witness(member.key, member.url),), quorum=1)
        yield member


def test_a_bundle_comes_out_with_the_cosignature(
    issuer: Service, follower: Follower, witness: WitnessInMemory
) -> None:
    pass_time(issuer)
    assert follower.take().version == issuer.authority.bundle().version
    assert issuer.authority.entered() is None


def test_a_bundle_that_waits_leaves_the_one_in_force_and_an_alarm_rises_after_12_hours(
    issuer: Service, follower: Follower, witness: WitnessInMemory
) -> None:
    follower.take()
    before = issuer.home.bundle.read_bytes()
    witness.is_down = True
    for hours in (6, 6):
        pass_time(issuer, hours)
        assert issuer.home.bundle.read_bytes() == before
        assert not is_stuck(issuer.authority, issuer.now)
    pass_time(issuer, 1)
    assert is_stuck(issuer.authority, issuer.now)
    lines = issuer.call("GET", "/metrics", address="127.0.0.1").body.decode().splitlines()
    assert "qupia_bundle_stuck 1" in lines
    witness.is_down = False
    pass_time(issuer, 0)
    assert not is_stuck(issuer.authority, issuer.now)
    assert issuer.home.bundle.read_bytes() != before
    follower.take()


def size(issuer: Service) -> int:
    return open_log(issuer.authority).size


def test_witnesses_that_are_down_for_two_days_leave_few_entries_in_the_log(
    issuer: Service, follower: Follower, witness: WitnessInMemory
) -> None:
    follower.take()
    before, kept = size(issuer), issuer.home.bundle.read_bytes()
    witness.is_down = True
    for _ in range(48):
        pass_time(issuer, 1)
    assert issuer.home.bundle.read_bytes() == kept
    assert size(issuer) - before == 2
    witness.is_down = False
    pass_time(issuer, 0)
    assert size(issuer) - before == 3, "what is published at last is old, so the next one follows"
    assert follower.take().iat == issuer.now
    assert issuer.authority.entered() is None
    pass_time(issuer)
    assert follower.take().iat == issuer.now


def test_a_retirement_is_entered_though_another_bundle_waits(
    issuer: Service, follower: Follower, witness: WitnessInMemory
) -> None:
    follower.take()
    witness.is_down = True
    pass_time(issuer)
    before = size(issuer)
    key = issuer.authority.bundle().pass_keys[-1]
    assert not retire(issuer.authority, key, issuer.now)
    assert size(issuer) == before + 1
    waiting = issuer.authority.entered()
    assert waiting is not None
    assert key.id in waiting.bundle.retired
    pass_time(issuer)
    assert size(issuer) == before + 1
    witness.is_down = False
    pass_time(issuer, 0)
    assert key.id in follower.take().retired


def while_asked(witness: WitnessInMemory, act: Callable[[], None]) -> None:
    """Let ``act`` happen once, after a witness was asked and before its answer is kept."""

    def cheat(answer: Answer) -> Answer:
        witness.cheat = None
        act()
        return answer

    witness.cheat = cheat


def test_keys_can_be_made_while_witnesses_are_asked(
    issuer: Service, follower: Follower, witness: WitnessInMemory
) -> None:
    is_free = []

    def try_the_lock() -> None:
        with locked(issuer.home.making_lock, wait=False) as free:
            is_free.append(free)

    while_asked(witness, try_the_lock)
    pass_time(issuer)
    assert is_free == [True]
    follower.take()


def test_an_answer_about_a_log_that_has_grown_since_publishes_nothing(
    issuer: Service, follower: Follower, witness: WitnessInMemory
) -> None:
    follower.take()
    kept = issuer.home.bundle.read_bytes()
    log = open_log(issuer.authority)

    def grow() -> None:
        with issuer.authority.making():
            log.append(bytes(32))
            log.sign()

    while_asked(witness, grow)
    pass_time(issuer)
    assert issuer.home.bundle.read_bytes() == kept
    pass_time(issuer, 0)
    assert issuer.home.bundle.read_bytes() != kept
    follower.take()


def test_a_bundle_of_a_log_that_was_replaced_meanwhile_is_not_published(
    issuer: Service, follower: Follower, witness: WitnessInMemory, root: SigningKey
) -> None:
    follower.take()

    def replace() -> None:
        witness.is_down = True
        replace_all(issuer, root)
        witness.is_down = False

    kept = issuer.home.bundle.read_bytes()
    while_asked(witness, replace)
    pass_time(issuer)
    assert issuer.home.bundle.read_bytes() == kept
