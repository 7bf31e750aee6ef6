"""Keys ahead of time and the bundles that list them, as a client sees them come."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from issuer.api.background import one_round
from issuer.documents.bundle import Retired, load_retired, save_retired
from issuer.keys import grid
from issuer.keys.grid import Cell, list_keys
from issuer.keys.keyring import SigningKey
from issuer.keys.roots import Changes, load_roots, signer_end
from issuer.publication import making, root_statements
from issuer.publication.making import make_missing_keys, missing_cells, publish, retire
from issuer.rules.policy import default_policy_text
from schemas.bundle import PassKey, TrustBundle
from schemas.jws import Typ
from schemas.kinds import DAY, HOUR
from schemas.trust import TrustState, accept_bundle
from schemas.windows import Window
from shell.errors import CommandError
from tests.support.issuers import NOON, Service, pool_generator
from tests.support.keys import rsa_key

AMBER = """
[[statuses]]
id = "amber"
name = { kk = "янтарь", ru = "янтарный", en = "amber" }
colour = "#b36b00"

# Kinds of venue."""


class Client:
    """A venue or wallet that takes every bundle and remembers what clients remember."""

    def __init__(self, issuer: Service) -> None:
        self._issuer = issuer
        self.state = TrustState(anchor=issuer.authority.anchor)
        self.held: bytes | None = None

    def take(self) -> TrustBundle:
        """Raises BundleRejected."""
        published = self._issuer.authority.published()
        assert published is not None
        accepted = accept_bundle(
            published.data, state=self.state, now=self._issuer.now, held=self.held
        )
        self.state, self.held = accepted.state, accepted.data
        return accepted.bundle


@pytest.fixture
def client(issuer: Service) -> Client:
    return Client(issuer)


def work(issuer: Service, *, days: float = 0) -> None:
    """Let time pass; then the background does its round."""
    issuer.clock.now += int(days * DAY)
    one_round(issuer.authority, issuer.clock)


def delegate(
    issuer: Service,
    *,
    root: Path | None = None,
    new_root: SigningKey | None = None,
    sunset: int | None = None,
) -> str:
    authority = issuer.authority
    roots = load_roots(authority.chain, [root or issuer.home.root_key])
    changes = Changes(sunset=sunset)
    if new_root is not None:
        roots, changes = [*roots, new_root], replace(changes, roots=(new_root.jwk,))
    with authority.making():
        return root_statements.delegate_next(authority, roots, changes, now=issuer.now)


def change_policy(issuer: Service, *changes: tuple[str, str]) -> None:
    """Edit policy.toml and start the program again."""
    text = default_policy_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    issuer.home.policy.write_text(text)
    issuer.reopen()


# The grid


@pytest.mark.parametrize(("hint", "hints"), [("none", 1), ("month", 12)])
def test_four_windows_of_every_status_and_hint_have_a_key(
    found: Callable[..., Service], hint: str, hints: int
) -> None:
    issuer = found(hint=hint)
    bundle = Client(issuer).take()
    assert len(bundle.windows) == 4
    assert len(bundle.pass_keys) == 4 * 2 * hints
    assert missing_cells(issuer.authority, NOON) == []


def test_the_grid_is_full_at_every_hour_of_a_week(issuer: Service, client: Client) -> None:
    versions = [client.take().version]
    for _ in range(28):
        work(issuer, days=0.25)
        bundle = client.take()
        versions.append(bundle.version)
        assert len(bundle.pass_keys) == 2 * len(bundle.windows)
        assert bundle.windows[0].contains(issuer.now)
        assert bundle.exp == issuer.now + 72 * HOUR
    assert versions == list(range(1, 30))


def test_nothing_is_made_while_nothing_is_due(issuer: Service) -> None:
    before = issuer.home.bundle.read_bytes()
    assert make_missing_keys(issuer.authority, NOON) == 0
    assert publish(issuer.authority, NOON + HOUR) is False
    assert issuer.home.bundle.read_bytes() == before


def test_progress_is_told_for_each_key(issuer: Service) -> None:
    told: list[tuple[int, int]] = []
    issuer.clock.now += 10 * DAY
    made = make_missing_keys(issuer.authority, issuer.now, lambda *step: told.append(step))
    assert made == 8
    assert told == [(done, 8) for done in range(1, 9)]


def test_keys_that_are_published_are_not_opened_again(
    issuer: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[bytes] = []
    load = grid.KeyFile.load

    def note(file: grid.KeyFile) -> Any:
        opened.append(file.id)
        return load(file)

    monkeypatch.setattr(grid.KeyFile, "load", note)
    work(issuer, days=1)
    assert len(opened) == 2


def test_no_bundle_is_made_before_its_keys_are_there(issuer: Service) -> None:
    issuer.clock.now += DAY
    assert publish(issuer.authority, issuer.now) is False
    make_missing_keys(issuer.authority, issuer.now)
    assert publish(issuer.authority, issuer.now) is True


def test_interrupted_making_goes_on_where_it_stopped(
    issuer: Service, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    issuer.clock.now += 10 * DAY
    before = {file.id for file in list_keys(issuer.home.pass_keys)}

    def stop(done: int, _of: int) -> None:
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make_missing_keys(issuer.authority, issuer.now, stop)
    first = {file.id for file in list_keys(issuer.home.pass_keys)} - before
    assert len(first) == 3
    assert make_missing_keys(issuer.authority, issuer.now) == 5
    publish(issuer.authority, issuer.now)
    assert first <= client.take().by_id.keys()


def test_drafts_that_a_killed_process_left_are_ignored_and_removed(
    issuer: Service, client: Client
) -> None:
    drafts = [
        issuer.home.path / ".bundle.jws.17.0badcafe.draft",
        issuer.home.pass_keys / ".1-2.green.none.AAAA.pem.17.0badcafe.draft",
        issuer.home.keys / ".signer-x.pem.17.0badcafe.draft",
        issuer.home.perishable / ".reference.key.17.0badcafe.draft",
    ]
    for draft in drafts:
        draft.write_bytes(b"half")
        draft.chmod(0o600)
    issuer.reopen()
    work(issuer, days=1)
    client.take()
    assert [draft for draft in drafts if draft.exists()] == []


def test_a_key_that_begins_like_a_retired_one_is_made_again(
    issuer: Service, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    twin = rsa_key(150).id[:4] + bytes(28)
    month = Window(NOON, NOON + 30 * DAY)
    save_retired(issuer.home, [Retired(PassKey(twin, b"", "green", None, month), NOON)])
    monkeypatch.setattr(grid, "generate_all", pool_generator(150))
    work(issuer, days=10)
    bundle = client.take()
    assert rsa_key(150).id not in bundle.by_id
    assert rsa_key(151).id in bundle.by_id
    assert bundle.retired == {twin: NOON}


# Retiring


def test_a_retired_key_is_replaced_in_the_same_bundle(issuer: Service, client: Client) -> None:
    before = client.take()
    key = before.pass_keys[0]
    retire(issuer.authority, key, NOON + 1)
    issuer.clock.now += 1
    after = client.take()
    replacement = after.key_for(status=key.status, holder=key.holder, window=key.window)
    assert replacement is not None and replacement.id != key.id
    assert after.retired == {key.id: NOON + 1}
    assert (after.version, len(after.pass_keys)) == (2, len(before.pass_keys))
    assert key.id not in {file.id for file in list_keys(issuer.home.pass_keys)}


def test_a_key_can_be_retired_from_a_later_time_on(issuer: Service, client: Client) -> None:
    key = client.take().pass_keys[0]
    retire(issuer.authority, key, NOON, at=NOON + HOUR)
    after = client.take()
    assert (after.retired, after.retiring) == ({key.id: NOON + HOUR}, (key,))
    assert key.id not in after.by_id
    assert key.id not in {file.id for file in list_keys(issuer.home.pass_keys)}
    assert not after.is_retired(key.id, NOON + HOUR - 1)
    assert after.is_retired(key.id, NOON + HOUR)


def test_a_bundle_after_that_time_lists_the_key_as_retired_only(
    issuer: Service, client: Client
) -> None:
    key = client.take().pass_keys[0]
    retire(issuer.authority, key, NOON, at=NOON + HOUR)
    issuer.clock.now = client.now = NOON + 7 * HOUR
    work(issuer)
    assert (client.take().retired, client.take().retiring) == ({key.id: NOON + HOUR}, ())


def test_the_time_of_a_retiring_key_can_come_sooner_and_not_later(
    issuer: Service, client: Client
) -> None:
    key = client.take().pass_keys[0]
    retire(issuer.authority, key, NOON, at=NOON + HOUR)
    retire(issuer.authority, key, NOON + 1, at=NOON + 2 * HOUR)
    assert client.take().retired == {key.id: NOON + HOUR}
    retire(issuer.authority, key, NOON + 2)
    after = client.take()
    assert (after.retired, after.retiring) == ({key.id: NOON + 2}, ())


def test_every_key_can_be_retired_one_after_the_other(issuer: Service, client: Client) -> None:
    before = client.take()
    for key in before.pass_keys:
        retire(issuer.authority, key, NOON)
        client.take()
    after = client.take()
    assert after.retired.keys() == before.by_id.keys()
    assert not after.by_id.keys() & before.by_id.keys()


def test_a_replacement_can_be_retired_too(issuer: Service, client: Client) -> None:
    cell = client.take().pass_keys[0]
    for number in (1, 2, 3):
        key = client.take().key_for(status=cell.status, holder=None, window=cell.window)
        assert key is not None
        retire(issuer.authority, key, NOON)
        assert len(client.take().retired) == number


def test_a_retired_key_is_listed_until_its_window_ends(issuer: Service, client: Client) -> None:
    key = client.take().pass_keys[0]
    retire(issuer.authority, key, NOON)
    issuer.clock.now = key.window.exp - 1
    work(issuer)
    assert client.take().retired == {key.id: NOON}
    work(issuer, days=1 / DAY)
    assert client.take().retired == {}


@pytest.mark.parametrize("step", ["_make", "_enter_due", "_publish_waiting"])
def test_retiring_that_was_interrupted_is_finished_by_the_next_round(
    issuer: Service, client: Client, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    key = client.take().pass_keys[0]

    def stop(*_arguments: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(making, step, stop)
        with pytest.raises(KeyboardInterrupt):
            retire(issuer.authority, key, NOON)
    assert [entry.id for entry in load_retired(issuer.home, NOON)] == [key.id]
    work(issuer)
    bundle = client.take()
    assert bundle.retired == {key.id: NOON} and len(bundle.pass_keys) == 8
    assert key.id not in {file.id for file in list_keys(issuer.home.pass_keys)}


def test_retiring_can_be_run_again_after_an_interruption(
    issuer: Service, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = client.take().pass_keys[0]
    with monkeypatch.context() as broken:
        broken.setattr(making, "_enter_due", lambda *_arguments: None)
        with pytest.raises(CommandError, match="its replacement is not out; run it again"):
            retire(issuer.authority, key, NOON)
    retire(issuer.authority, key, NOON)
    assert client.take().retired == {key.id: NOON}
    assert len(load_retired(issuer.home, NOON)) == 1


# Signers and roots


def test_a_bundle_ends_no_later_than_its_signer(issuer: Service, client: Client) -> None:
    end = signer_end(issuer.authority.chain)
    issuer.clock.now = end - HOUR
    work(issuer)
    assert client.take().exp == end


def test_without_a_signer_keys_are_made_and_the_bundle_waits(issuer: Service) -> None:
    issuer.clock.now = signer_end(issuer.authority.chain)
    make_missing_keys(issuer.authority, issuer.now)
    with pytest.raises(CommandError, match=r"check the clock, or run: qupia-issuer keys delegate"):
        publish(issuer.authority, issuer.now)
    assert missing_cells(issuer.authority, issuer.now) == []


def test_a_client_follows_new_signers_for_half_a_year(issuer: Service, client: Client) -> None:
    for _ in range(5):
        client.take()
        work(issuer, days=30)
        delegate(issuer)
        assert publish(issuer.authority, issuer.now)
        client.take()
    assert client.state.root_version == 6


def test_a_client_follows_a_new_root_and_forgets_the_old_one(
    issuer: Service, client: Client
) -> None:
    client.take()
    new_root = SigningKey.generate(Typ.ROOT)
    delegate(issuer, new_root=new_root)
    publish(issuer.authority, issuer.now)
    client.take()
    with pytest.raises(
        CommandError, match=r"is not a root of this issuer; give the right ROOT\.pem"
    ):
        delegate(issuer)
    new_root.create(issuer.home.path / "NEW.pem")
    delegate(issuer, root=issuer.home.path / "NEW.pem")
    publish(issuer.authority, issuer.now)
    assert client.take().version == 3
    newcomer = Client(issuer)
    newcomer.take()
    assert newcomer.state.digest == client.state.digest
    assert newcomer.state.anchor != client.state.anchor


def test_the_old_signers_key_is_gone_after_a_delegation(issuer: Service) -> None:
    before = set(issuer.home.keys.glob("signer-*.pem"))
    name = delegate(issuer)
    after = set(issuer.home.keys.glob("signer-*.pem"))
    assert after == {issuer.home.keys / f"signer-{name}.pem"}
    assert not before & after


def test_a_lost_bundle_is_made_anew_and_accepted_after_a_delegation(
    issuer: Service, client: Client
) -> None:
    work(issuer, days=1)
    client.take()
    issuer.home.bundle.write_bytes(b"damaged")
    with pytest.raises(CommandError, match="remove it, then run: qupia-issuer keys delegate"):
        issuer.authority.published()
    issuer.home.bundle.unlink()
    publish(issuer.authority, issuer.now)
    version = client.take().version
    assert version > 1
    delegate(issuer)
    publish(issuer.authority, issuer.now)
    assert client.take().version == version + 1
    assert client.state.root_version == 2


# Rules that change


def test_a_new_status_gets_keys_in_every_window(issuer: Service, client: Client) -> None:
    client.take()
    change_policy(issuer, ("\n# Kinds of venue.", AMBER))
    work(issuer)
    bundle = client.take()
    assert [status.id for status in bundle.statuses] == ["green", "blue", "amber"]
    assert len(bundle.pass_keys) == 12


def test_a_status_that_is_taken_away_leaves_no_key_in_the_bundle(
    issuer: Service, client: Client
) -> None:
    change_policy(issuer, ("\n# Kinds of venue.", AMBER))
    work(issuer)
    client.take()
    change_policy(issuer)
    work(issuer)
    bundle = client.take()
    assert {key.status for key in bundle.pass_keys} == {"green", "blue"}
    assert len(bundle.pass_keys) == 8


def test_shorter_windows_begin_with_the_next_round(issuer: Service, client: Client) -> None:
    client.take()
    change_policy(issuer, ("window_hours = 24", "window_hours = 6"))
    work(issuer)
    bundle = client.take()
    assert {window.exp - window.nbf for window in bundle.windows} == {6 * HOUR}
    assert len(bundle.windows) == 12
    assert issuer.activated().fetch().status == 200


def test_rules_that_need_too_large_a_bundle_make_no_key(found: Callable[..., Service]) -> None:
    issuer = found()
    members = json.loads(issuer.home.config.read_bytes()) | {"hint": "day"}
    issuer.home.config.write_bytes(json.dumps(members).encode())
    change_policy(issuer, ("window_hours = 24", "window_hours = 6"))
    with pytest.raises(CommandError, match="more than 4 MB; choose fewer statuses"):
        make_missing_keys(issuer.authority, NOON)


# The clock


def test_a_clock_that_was_set_back_gives_a_new_bundle_at_once(
    issuer: Service, client: Client
) -> None:
    work(issuer, days=2)
    client.take()
    work(issuer, days=-1.5)
    bundle = client.take()
    assert (bundle.iat, bundle.version) == (issuer.now, 3)
    work(issuer, days=1.5)
    assert client.take().version == 4


def test_keys_of_windows_that_ended_are_destroyed_and_the_bundle_follows(
    issuer: Service, client: Client
) -> None:
    first = client.take().windows[0]
    issuer.clock.now = first.exp + HOUR
    work(issuer)
    assert first not in client.take().windows
    assert first not in {file.cell.window for file in list_keys(issuer.home.pass_keys)}


# The sunset


def test_no_window_begins_at_or_after_the_sunset(issuer: Service, client: Client) -> None:
    tomorrow = client.take().windows[1].nbf
    delegate(issuer, sunset=tomorrow)
    work(issuer)
    bundle = client.take()
    assert (bundle.sunset, bundle.exp, len(bundle.windows)) == (tomorrow, tomorrow, 1)


def test_a_sunset_that_was_moved_earlier_is_never_moved_back_by_a_running_service(
    issuer: Service, client: Client
) -> None:
    running = Service(issuer.home, issuer.clock)
    delegate(issuer, sunset=NOON + 5 * DAY)
    publish(issuer.authority, NOON)
    client.take()
    one_round(running.authority, running.clock)
    assert client.take().sunset == NOON + 5 * DAY
    running.close()


def test_past_the_sunset_nothing_is_made(issuer: Service) -> None:
    issuer.clock.now = issuer.authority.sunset
    before = issuer.home.bundle.read_bytes()
    assert make_missing_keys(issuer.authority, issuer.now) == 0
    assert publish(issuer.authority, issuer.now) is False
    assert issuer.home.bundle.read_bytes() == before


def test_a_cell_says_where_a_key_belongs(issuer: Service) -> None:
    windows = issuer.authority.bundle().windows
    wanted = {Cell(window, status, None) for window in windows for status in ("green", "blue")}
    assert {file.cell for file in list_keys(issuer.home.pass_keys)} == wanted
