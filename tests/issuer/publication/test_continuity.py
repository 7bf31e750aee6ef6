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
from issuer.publication.entering import is_stuck
from issuer.publication.making import retire, silent
from schemas.bundle import TrustBundle
from schemas.encoding import b64url_encode
from schemas.jws import Typ, parse
from schemas.kinds import HOUR
from schemas.root_statements import Witness
from schemas.trust import TrustState, TrustWarning, accept_bundle
from shell.fetching import Answer
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

    collect = asking.collect_cosignatures

    def collected(log: Any, addresses: Any) -> Any:
        return collect(log, addresses, transport=send)

    with patch.object(entering, "collect_cosignatures", collected):
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
