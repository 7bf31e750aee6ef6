"""An opened home: small files are read afresh, keys are kept no longer than needed."""

import pytest

from issuer.keys.rawrsa import SigningFailed
from issuer.publication.making import make_missing_keys, publish
from schemas.kinds import DAY
from schemas.problems import ApiProblem, Problem
from shell.errors import CommandError
from shell.files import write_private
from tests.support.issuers import NOON, Service
from tests.support.statements import begin_with_sunset


def test_a_bundle_that_another_process_published_is_seen(issuer: Service) -> None:
    other = Service(issuer.home, issuer.clock)
    issuer.clock.now += DAY
    make_missing_keys(other.authority, issuer.now)
    publish(other.authority, issuer.now)
    assert issuer.authority.bundle().version == 2
    other.close()


def test_before_the_first_bundle_nothing_is_ready(issuer: Service) -> None:
    issuer.home.bundle.unlink()
    assert issuer.authority.published() is None
    assert not issuer.authority.is_ready(NOON)
    with pytest.raises(ApiProblem) as caught:
        issuer.authority.bundle()
    assert caught.value.fault is Problem.NOT_READY


def test_it_is_ready_in_the_windows_of_the_bundle(issuer: Service) -> None:
    first, *_, last = issuer.authority.bundle().windows
    assert not issuer.authority.is_ready(first.nbf - 1)
    assert issuer.authority.is_ready(first.nbf)
    assert issuer.authority.is_ready(last.exp - 1)
    assert not issuer.authority.is_ready(last.exp)


def test_a_sunset_that_was_moved_is_seen(issuer: Service) -> None:
    begin_with_sunset(issuer, NOON)
    assert issuer.authority.is_over(NOON)
    assert not issuer.authority.is_over(NOON - 1)


def test_a_configuration_that_is_gone_is_one_line(issuer: Service) -> None:
    issuer.home.config.unlink()
    with pytest.raises(CommandError, match=r"issuer\.json is missing; restore it from a backup"):
        _ = issuer.authority.config


def test_without_root_statements_nothing_ends_and_what_to_do_is_said(issuer: Service) -> None:
    issuer.home.delegations.unlink()
    assert not issuer.authority.is_over(issuer.now + 400 * DAY)
    with pytest.raises(
        CommandError, match=r"is missing; restore it from a backup or take it from a bundle"
    ):
        _ = issuer.authority.sunset


@pytest.mark.parametrize("content", [b"", b"a.b.c", b"\xff", b"e30.e30.AA", b"e30.W10.AA"])
def test_a_damaged_bundle_is_one_line(issuer: Service, content: bytes) -> None:
    write_private(issuer.home.bundle, content)
    with pytest.raises(CommandError, match=r"bundle\.jws is damaged; remove it, then run"):
        issuer.authority.published()


def test_a_pass_key_is_read_once(issuer: Service) -> None:
    key = issuer.authority.bundle().pass_keys[0]
    raw = issuer.authority.raw_keys.get(key)
    for path in issuer.home.pass_keys.iterdir():
        path.unlink()
    assert issuer.authority.raw_keys.get(key) is raw


def test_a_pass_key_that_is_not_there_is_not_ready(issuer: Service) -> None:
    for path in issuer.home.pass_keys.iterdir():
        path.unlink()
    with pytest.raises(ApiProblem) as caught:
        issuer.authority.raw_keys.get(issuer.authority.bundle().pass_keys[0])
    assert caught.value.fault is Problem.NOT_READY


def test_a_damaged_pass_key_fails_before_its_batch_counts(
    issuer: Service, capfd: pytest.CaptureFixture[str]
) -> None:
    wallet = issuer.activated()
    for path in issuer.home.pass_keys.iterdir():
        path.write_bytes(b"damaged")
    assert wallet.fetch().code == (500, "failed")
    assert "is damaged; retire that key" in capfd.readouterr().err
    assert {entry.kind: entry.held for entry in issuer.authority.store.census(NOON)}["batch"] == 0


def test_a_key_that_the_machine_cannot_use_is_a_failure_like_any_other(
    issuer: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_key: object) -> None:
        raise SigningFailed

    monkeypatch.setattr("issuer.authority.load_raw_key", fail)
    assert issuer.activated().fetch().code == (500, "failed")
