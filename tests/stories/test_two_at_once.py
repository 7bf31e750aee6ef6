"""The same thing done twice at once, on one phone or on one issuer's machine."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from schemas.encoding import format_time
from shell.fetching import Answer
from tests.support.commands import Outcome
from tests.support.town import Town


@dataclass
class Meanwhile:
    """Something else that happens while the answer to a call is on its way, once."""

    town: Town
    path: str
    what: Callable[[], Outcome]
    outcome: Outcome | None = None

    def __enter__(self) -> "Meanwhile":
        self.town.net.replace_answer = self._answer
        return self

    def __exit__(self, *_exception: object) -> None:
        assert self.outcome is not None, "the call was never made"

    def _answer(self, url: str, answer: Answer) -> Answer:
        if url.endswith(self.path):
            self.town.net.replace_answer = lambda _url, answer: answer
            self.outcome = self.what()
        return answer


@pytest.mark.parametrize("path", ["/v1/entitlements", "/v1/passes", "/qupia/trust-bundle"])
def test_two_activations_of_one_slip_give_one_wallet_with_all_its_passes(
    town: Town, path: str
) -> None:
    citizen, slip = town.citizen(), town.slip()

    def activate() -> Outcome:
        return citizen.run("activate", "-", given=slip)

    with Meanwhile(town, path, activate) as second:
        first = activate()
    assert second.outcome is not None
    # Whoever comes to a code that is used up already, or to a wallet in use, is told so.
    expected = [0, 0] if path.endswith("entitlements") else [0, 1]
    assert sorted((first.status, second.outcome.status)) == expected
    status = citizen.done("status")
    assert (status["remaining"], status["next_remaining"]) == (8, 8)
    assert town.venue().scan(citizen.show()).outcomes == ["admit"]


@pytest.mark.process
def test_two_syncs_at_once_fetch_each_batch_once(town: Town) -> None:
    citizen = town.activated(evidence="vaccinated_full", reference="N1")
    town.until(town.window_end(ahead=1) + 3600)
    with Meanwhile(town, "/v1/passes", lambda: citizen.run("sync")) as other:
        citizen.done("sync")
    assert other.outcome is not None and other.outcome.status == 0
    status = citizen.done("status")
    assert (status["remaining"], status["next_remaining"]) == (8, 8)
    assert town.venue().scan(citizen.show()).outcomes == ["admit"]


def test_a_pass_shown_during_a_sync_is_used_afterwards(town: Town) -> None:
    citizen = town.activated(evidence="vaccinated_full", reference="N1")
    town.until(town.window_end() + 3600)
    with Meanwhile(town, "/v1/passes", lambda: citizen.run("show", "--json")) as other:
        citizen.done("sync")
    assert other.outcome is not None and other.outcome.status == 0
    assert citizen.done("status")["remaining"] == 7


def test_a_wallet_that_is_erased_during_a_sync_stays_empty(town: Town) -> None:
    citizen = town.activated(evidence="vaccinated_full", reference="N1")
    town.until(town.window_end() + 3600)
    with Meanwhile(town, "/v1/passes", lambda: citizen.run("erase")):
        citizen.run("sync")
    held = citizen.file.load()
    assert (held.entitlement, held.batches, held.pending) == (None, (), ())


def test_a_wallet_that_ended_during_a_sync_stays_empty(town: Town) -> None:
    citizen = town.activated(evidence="vaccinated_full", reference="N1")
    town.until(town.window_end() + 3600)
    with Meanwhile(town, "/v1/passes", lambda: citizen.run("end")) as other:
        citizen.run("sync")
    assert other.outcome is not None and other.outcome.status == 0
    held = citizen.file.load()
    assert (held.entitlement, held.batches, held.pending) == (None, (), ())


def test_a_wallet_that_moves_to_another_slip_during_a_sync_keeps_the_new_one(town: Town) -> None:
    citizen = town.activated(evidence="no_record")
    slip = town.slip("pcr_negative")
    town.until(town.window_end() + 3600)

    def move() -> Outcome:
        return citizen.run("activate", "-", "--replace", given=slip)

    with Meanwhile(town, "/v1/passes", move) as other:
        citizen.run("sync")
    assert other.outcome is not None and other.outcome.status == 0
    status = citizen.done("status")
    assert (status["status"], status["remaining"], status["next_remaining"]) == ("green", 8, 8)
    assert town.venue().scan(citizen.show()).each[0]["status"] == "green"


def test_a_result_that_is_registered_twice_gives_one_code(town: Town) -> None:
    town.register(reference="N1")
    words = ("register", "--evidence", "pcr_negative", "--reference", "-", "--birthday", "03-17")
    taken = format_time(town.now - 3600)
    assert "already registered" in town.office.refused(*words, "--at", taken, given="n-1")


def test_a_slip_that_is_cancelled_while_it_is_activated_is_used_or_void_never_both(
    town: Town,
) -> None:
    citizen, registered = town.citizen(), town.register(reference="N1")
    code = registered["code"]

    def cancel() -> Outcome:
        return town.office.run("codes", "cancel", "-", given=code)

    with Meanwhile(town, "/v1/entitlements", cancel) as late:
        citizen.activate(registered["activation_url"])
    assert late.outcome is not None
    assert (late.outcome.status, "already used" in late.outcome.err) == (1, True)

    other = town.register(reference="N2")
    assert town.office.run("codes", "cancel", "-", given=other["code"]).status == 0
    error = town.citizen("other").refused("activate", "-", given=other["activation_url"])
    assert "unknown or has expired" in error
    town.register(reference="N2")
