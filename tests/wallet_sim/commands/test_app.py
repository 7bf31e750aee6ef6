"""The commands as a person or a program meets them."""

import socket
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from schemas.activation import Activation, format_activation_url, format_code
from schemas.encoding import format_time, parse_body_time
from schemas.kinds import DAY, HOUR
from schemas.languages import Language
from schemas.paths import TRUST_BUNDLE_PATH
from schemas.presentation import TEXT_LENGTH
from schemas.problems import Problem
from shell.pictures import read_codes
from shell.times import local_time
from tests.support.commands import Run, Terminal
from tests.support.issuer_in_memory import CODE, OTHER_CODE, IssuerInMemory, Phone
from tests.support.world import NOON, World
from wallet_sim.fetching.tools import Tools
from wallet_sim.passes.blinding import BlindingError


def test_a_link_activates_the_wallet_and_fetches_both_windows(
    run: Run, phone: Phone, link: str
) -> None:
    outcome = run("activate", "-", "--json", given=link)
    assert outcome.status == 0
    assert outcome.members == {
        "status": "green",
        "holder": None,
        "until": format_time(phone.issuer.codes[CODE]),
        "passes": 8,
    }


def test_a_code_activates_with_issuer_and_root(run: Run, phone: Phone) -> None:
    world = phone.issuer.world
    words = ("activate", "-", "--issuer", world.iss, "--root", world.pin)
    outcome = run(*words, given=format_code(CODE) + "\n")
    assert outcome.status == 0
    assert "Activated: Green, until" in outcome.out
    assert "The issuer saw when you fetched the current passes" in outcome.out


def test_a_code_in_the_arguments_is_refused(run: Run, phone: Phone) -> None:
    outcome = run("activate", CODE)
    assert outcome.status == 2
    assert "write - and give it on standard input" in outcome.err
    assert CODE not in outcome.err
    assert phone.issuer.requests == []


def test_when_only_the_passes_fail_the_activation_stands(run: Run, phone: Phone, link: str) -> None:
    phone.issuer.refuse["/v1/passes"] = Problem.NOT_READY
    outcome = run("activate", "-", "--json", given=link)
    assert (outcome.status, outcome.members["passes"]) == (0, 0)
    assert "Run: qupia-wallet sync" in outcome.err
    phone.issuer.refuse.clear()
    assert run("sync", "--json").members["fetched"] == 8


@pytest.mark.parametrize(
    ("language", "line"),
    [
        ("en", "This code is unknown or has expired"),
        ("ru", "Код неизвестен или истёк"),
        ("kk", "Код белгісіз немесе мерзімі өткен"),
    ],
)
def test_a_refusal_is_one_line_in_the_language_of_the_holder(
    run: Run, phone: Phone, language: str, line: str
) -> None:
    unknown = phone.link_to("9" * 16)
    outcome = run("activate", "-", "--lang", language, given=unknown)
    assert outcome.status == 1
    assert outcome.err.startswith(f"error: {line}")
    assert outcome.err.count("\n") == 1


def test_the_language_is_that_of_the_machine(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "kk_KZ.UTF-8")
    assert "Әмиян бос" in run("status").out


def test_a_bundle_that_is_not_believed_is_named_with_its_help_desk_code(
    run: Run, phone: Phone
) -> None:
    other = format_activation_url(Activation(phone.issuer.world.iss, CODE, "r" * 43))
    outcome = run("activate", "-", given=other)
    assert outcome.status == 1
    assert "(Q42)" in outcome.err


def test_a_wallet_in_use_needs_replace(filled: Run, phone: Phone) -> None:
    other = phone.link_to(OTHER_CODE)
    refused = filled("activate", "-", given=other)
    assert refused.status == 1
    assert "--replace" in refused.err
    assert filled("activate", "-", "--replace", given=other).status == 0


def test_after_a_lost_answer_the_same_command_works(run: Run, phone: Phone, link: str) -> None:
    phone.issuer.lost.add("/v1/entitlements")
    assert run("activate", "-", given=link).status == 2
    assert "same code again" in run("status").out
    phone.issuer.lost.clear()
    assert run("activate", "-", given=link).status == 0


def test_sync_is_content_when_nothing_is_missing(filled: Run) -> None:
    outcome = filled("sync", "--json")
    assert outcome.status == 0
    assert outcome.members["current"] is True
    assert (outcome.members["remaining"], outcome.members["next_remaining"]) == (4, 4)
    assert (outcome.members["fetched"], outcome.members["issuer_saw_the_time"]) == (0, False)


def test_sync_of_an_empty_wallet_says_how_to_begin(run: Run) -> None:
    outcome = run("sync")
    assert outcome.status == 2
    assert "qupia-wallet activate -" in outcome.err


def test_sync_says_when_the_issuer_is_not_reached(filled: Run, phone: Phone) -> None:
    phone.issuer.unreachable = True
    assert filled("sync").status == 2


@pytest.mark.parametrize(
    ("problem", "status"),
    [(Problem.WITHDRAWN, 1), (Problem.ENDED, 1), (Problem.NOT_READY, 2), (Problem.FAILED, 2)],
)
def test_sync_tells_a_refusal_from_an_issuer_that_is_busy(
    filled: Run, phone: Phone, problem: Problem, status: int
) -> None:
    phone.clock.now += DAY
    phone.issuer.refuse["/v1/passes"] = problem
    assert filled("sync").status == status


def test_passes_that_were_issued_already_are_explained(filled: Run, phone: Phone) -> None:
    phone.file.update(lambda held: replace(held, batches=()))
    outcome = filled("sync")
    assert outcome.status == 1
    assert outcome.err.count("already handed out the passes") == 2
    assert filled("sync").status == 1
    assert filled("status", "--json").members["next"] == "next_wait"


def test_a_bad_signature_is_said_loudly(run: Run, phone: Phone, link: str) -> None:
    def spoil(members: dict[str, Any]) -> dict[str, Any]:
        for batch in members["batches"]:
            batch["signatures"][0] = "A" * 342
        return members

    phone.issuer.cheat["/v1/passes"] = spoil
    outcome = run("activate", "-", given=link)
    assert outcome.status == 0
    assert outcome.err.count("all passes of it were thrown away") == 2
    assert run("sync").status == 1


def test_show_of_lost_passes_does_not_blame_the_clock(filled: Run, phone: Phone) -> None:
    phone.file.update(lambda held: replace(held, batches=()))
    filled("sync")
    outcome = filled("show")
    assert outcome.status == 1
    assert "are lost; qupia-wallet status says why" in outcome.err


def test_a_malformed_key_is_one_clear_line(
    filled: Run, phone: Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(message: bytes, *, n: int) -> None:
        raise BlindingError("not coprime")

    monkeypatch.setattr("wallet_sim.passes.issuance.blind", refuse)
    phone.clock.now += DAY
    outcome = filled("sync")
    assert outcome.status == 1
    assert "A key of the authority is malformed" in outcome.err


def test_a_time_that_no_calendar_has_room_for_is_told_as_it_came(
    filled: Run, phone: Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    late = {"what": "batch", "dies": "9999-12-31T23:59:59Z"}
    phone.issuer.cheat["/v1/me"] = lambda members: {"held": [late]}
    monkeypatch.setenv("TZ", "Asia/Almaty")
    time.tzset()
    try:
        said = filled("data")
    finally:
        monkeypatch.delenv("TZ")
        time.tzset()
    assert said.status == 0
    assert "until 9999-12-31T23:59:59Z" in said.out


def test_a_wrong_clock_is_named(filled: Run, phone: Phone) -> None:
    phone.issuer.date_wrong_by = 50
    outcome = filled("sync")
    assert outcome.status == 0
    assert "The clock of this device was wrong by 60 s" in outcome.err


@pytest.mark.parametrize(
    ("command", "path"),
    [
        ("sync", TRUST_BUNDLE_PATH),
        ("sync", "/v1/passes"),
        ("data", "/v1/me"),
        ("end", "/v1/me/end"),
    ],
)
def test_a_wrong_clock_is_named_although_the_issuer_refuses(
    filled: Run, phone: Phone, command: str, path: str
) -> None:
    """Else it could mark a clock, answer nothing more, and nobody would be told."""
    phone.clock.now += DAY
    phone.issuer.date_wrong_by = 50
    phone.issuer.refuse[path] = Problem.FAILED
    outcome = filled(command)
    assert outcome.status != 0
    assert "wrong by 60 s" in outcome.err


def test_a_wrong_clock_is_named_although_passes_come_later(
    run: Run, phone: Phone, link: str
) -> None:
    phone.issuer.date_wrong_by = 50
    assert "wrong by 60 s" in run("activate", "-", "--later", given=link).err


def test_later_says_when_nothing_is_missing(filled: Run, phone: Phone) -> None:
    assert filled("sync", "--later").out == "Nothing was missing.\n"
    assert filled("sync", "--later", "--json").members == {"later": False}
    assert phone.wallet.soon is None


def test_a_clock_that_is_right_again_is_named(filled: Run, phone: Phone) -> None:
    phone.issuer.date_wrong_by = 50
    filled("sync")
    phone.issuer.date_wrong_by = 0
    outcome = filled("sync")
    assert "The clock of this device is right again" in outcome.err
    assert "wrong by" not in outcome.err


def test_a_running_wallet_names_a_wrong_clock_whatever_the_issuer_refuses(
    filled: Run, phone: Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    phone.clock.now += DAY
    phone.issuer.date_wrong_by = 50
    phone.issuer.refuse["/v1/passes"] = Problem.FAILED

    def sleep(seconds: float) -> None:
        phone.clock.now += int(seconds)
        if phone.clock.now > NOON + DAY + 3600:
            raise KeyboardInterrupt

    tools = replace(phone.tools(), sleep=sleep)
    monkeypatch.setattr(Phone, "tools", lambda _: tools)
    assert filled("sync", "--watch").err.count("wrong by 60 s") == 1


def test_status_says_what_to_do_next(filled: Run, phone: Phone) -> None:
    assert filled("status", "--json").members["next"] == "next_show"
    assert "at a door: qupia-wallet show" in filled("status").out
    phone.clock.now += 2 * DAY
    assert "qupia-wallet sync" in filled("status").out


def test_passes_whose_key_is_being_replaced_are_said_to_last_until_doors_refuse_them(
    filled: Run, phone: Phone
) -> None:
    world, at = phone.issuer.world, NOON + HOUR
    world.retire(world.calendar.window_at(NOON), at=at)
    phone.issuer.publish()
    assert filled("alerts").status == 0
    until = local_time(at).spelt(Language.EN)
    assert f"Passes for now, until {until}: 4 fresh." in filled("status").out
    assert f"until {until}. Fresh passes left: 3" in filled("show").out


def test_show_draws_a_code_and_says_what_is_left(filled: Run) -> None:
    outcome = filled("show")
    assert outcome.status == 0
    assert "█" in outcome.out
    assert "Green, until" in outcome.out
    assert "Fresh passes left: 3." in outcome.out


def test_show_gives_programs_all_they_need(filled: Run, phone: Phone) -> None:
    outcome = filled("show", "--json")
    members = outcome.members
    assert members.keys() == {"qr", "status", "holder", "window_ends", "remaining", "reused"}
    assert len(members["qr"]) == TEXT_LENGTH
    assert parse_body_time(members["window_ends"]) == phone.windows()[0].exp
    assert (members["status"], members["remaining"], members["reused"]) == ("green", 3, False)
    assert outcome.err == ""


def test_show_writes_a_picture_that_reads_back_and_is_private(filled: Run, tmp_path: Path) -> None:
    picture = tmp_path / "pass.png"
    outcome = filled("show", "--png", str(picture), "--json")
    assert read_codes(picture) == [outcome.members["qr"]]
    assert picture.stat().st_mode & 0o777 == 0o600


def test_show_prints_the_text_and_nothing_else(filled: Run) -> None:
    outcome = filled("show", "--text")
    assert len(outcome.out) == TEXT_LENGTH + 1
    assert outcome.out.startswith("QP1:")


def test_no_pass_is_used_up_when_there_is_no_place_for_the_picture(
    filled: Run, tmp_path: Path
) -> None:
    for place in (tmp_path / "nowhere" / "pass.png", tmp_path):
        outcome = filled("show", "--png", str(place))
        assert outcome.status == 2
        assert "name a file in a folder that exists" in outcome.err
    assert filled("status", "--json").members["remaining"] == 4


def test_a_pass_is_stored_as_used_before_anything_is_displayed(
    filled: Run, phone: Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored = []
    monkeypatch.setattr(
        "wallet_sim.commands.display.present",
        lambda showing, now, bindings: stored.append(len(phone.wallet.batches[0].fresh)) or "QP1:",
    )
    filled("show", "--text")
    assert stored == [3]


def test_nothing_is_displayed_when_the_wallet_cannot_be_written(
    filled: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, data: bytes) -> None:
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr("wallet_sim.storage.replace_private", full)
    outcome = filled("show")
    assert (outcome.status, outcome.out) == (2, "")
    assert outcome.err.startswith("error: No space left on device")


def test_each_show_is_for_another_door_and_again_for_the_same(filled: Run) -> None:
    first = filled("show", "--json").members
    second = filled("show", "--json").members
    again = filled("show", "--again", "--json")
    assert _device(first) != _device(second)
    assert _device(second) == _device(again.members)
    assert (again.members["reused"], again.members["remaining"]) == (True, 2)
    assert "can tell that it is the same wallet" in again.err


def _device(members: dict[str, Any]) -> str:
    """The part of a code that stays the same when the pass does."""
    return str(members["qr"][10:90])


def use_up(run: Run, phone: Phone) -> None:
    for _ in range(4):
        assert run("show", "--json").status == 0
    phone.clock.now += 600


def test_without_a_terminal_the_last_pass_needs_again(filled: Run, phone: Phone) -> None:
    use_up(filled, phone)
    refused = filled("show", "--json")
    assert (refused.status, refused.out) == (1, "")
    assert "qupia-wallet show --again" in refused.err
    again = filled("show", "--again", "--json")
    assert (again.status, again.members["reused"], again.members["remaining"]) == (0, True, 0)
    assert filled("show", "--json").status == 1


def test_at_a_terminal_the_holder_is_asked_each_time(filled: Run, phone: Phone) -> None:
    use_up(filled, phone)
    assert filled("show", given=Terminal("n\n")).status == 1
    for _ in range(2):
        agreed = filled("show", given=Terminal("y\n"))
        assert agreed.status == 0
        assert "Show it again?" in agreed.err
        assert "This pass was shown before" in agreed.out


def test_outside_every_window_show_says_what_to_check(filled: Run, phone: Phone) -> None:
    phone.clock.now += 3 * DAY
    outcome = filled("show")
    assert outcome.status == 1
    assert "Check the date and time of this device" in outcome.err


def test_an_empty_wallet_shows_nothing(run: Run) -> None:
    assert run("show").status == 2


def test_a_training_pass_says_so(run: Run, tmp_path: Path, phone: Phone) -> None:
    phone.issuer.world.specimen = True
    run("activate", "-", given=phone.link_to(CODE))
    assert "TRAINING PASS" in run("show").out


def test_show_never_opens_a_socket(filled: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("the network was used")

    real = Tools()
    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(Phone, "tools", lambda phone: Tools(real.send, phone.clock))
    assert filled("show", "--json").status == 0
    assert filled("status").status == 0
    with pytest.raises(AssertionError, match="the network was used"):
        real.send("GET", "http://127.0.0.1:9", limit=1)


def test_watch_renews_the_code_and_says_when_it_is_over(
    filled: Run, phone: Phone, tmp_path: Path
) -> None:
    outcome = filled("show", "--watch", "--text")
    lines = outcome.out.splitlines()
    codes = [line for line in lines if line.startswith("QP1:")]
    assert len(codes) == len(set(codes)) == 10
    assert len({code[10:90] for code in codes}) == 1
    assert lines[-1].startswith("This pass was shown for five minutes")
    assert outcome.status == 0


def test_watch_ends_quietly_with_ctrl_c(filled: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(_: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(
        Phone, "tools", lambda p: Tools(p.issuer.send, p.clock, interrupt, below=lambda n: 0)
    )
    for words in (("show", "--watch"), ("sync", "--watch")):
        outcome = filled(*words)
        assert (outcome.status, outcome.err) == (0, "")


def test_a_running_wallet_that_meets_a_final_refusal_ends_with_it(
    filled: Run, phone: Phone
) -> None:
    phone.clock.now += DAY
    phone.issuer.refuse["/v1/passes"] = Problem.ENDED
    outcome = filled("sync", "--watch")
    assert outcome.status == 1
    assert "ended by its owner" in outcome.err


def test_a_running_wallet_tells_what_came_and_what_did_not(
    filled: Run, phone: Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    phone.clock.now += DAY
    phone.issuer.unreachable = True

    def sleep(seconds: float) -> None:
        phone.clock.now += int(seconds)
        phone.issuer.unreachable = phone.clock.now < NOON + DAY + 1000
        if phone.clock.now > NOON + DAY + 3600:
            raise KeyboardInterrupt

    monkeypatch.setattr(
        Phone, "tools", lambda p: Tools(p.issuer.send, p.clock, sleep, below=lambda n: 0)
    )
    outcome = filled("sync", "--watch")
    assert outcome.status == 0
    assert outcome.err == "error: no answer from the issuer\n"
    first, *rest = outcome.out.splitlines()
    assert first.startswith("The next passes are fetched at a random time")
    assert [line.partition(" came for ")[0] for line in rest] == ["4 passes"]


def test_a_running_wallet_of_nobody_says_how_to_begin(run: Run) -> None:
    outcome = run("sync", "--watch")
    assert (outcome.status, outcome.out) == (2, "")


@pytest.mark.parametrize("command", ["show", "sync"])
def test_watching_is_for_people(filled: Run, command: str) -> None:
    outcome = filled(command, "--watch", "--json")
    assert outcome.status == 2
    assert "leave out --json" in outcome.err


def test_data_tells_what_wallet_and_issuer_hold_and_when_each_dies(filled: Run) -> None:
    members = filled("data", "--json").members
    assert {entry["what"] for entry in members["wallet"]} == {
        "entitlement",
        "passes",
        "plan",
        "authority",
    }
    assert [entry["what"] for entry in members["issuer"]] == ["batch", "batch"]
    for entry in members["wallet"] + members["issuer"]:
        assert parse_body_time(entry["dies"]) > NOON


def test_data_is_readable(filled: Run) -> None:
    lines = filled("data").out.splitlines()
    assert lines[0] == "This wallet holds:"
    assert any("fresh passes and their keys (4): until" in line for line in lines)
    assert any("a mark that passes of one window were issued: until" in line for line in lines)


def test_what_an_issuer_calls_by_an_unknown_name_cannot_write_on_the_terminal(
    filled: Run, phone: Phone
) -> None:
    evil = {"what": "\x1b[2Jyou\u202e", "dies": "2026-03-18T00:00:00Z"}
    phone.issuer.cheat["/v1/me"] = lambda members: {"held": [evil]}
    said = filled("data").out
    assert "\x1b" not in said
    assert "\\x1b[2Jyou\\u202e" in said


def test_when_the_issuer_is_not_reached_the_wallets_part_is_still_told(
    filled: Run, phone: Phone
) -> None:
    phone.issuer.unreachable = True
    outcome = filled("data", "--json")
    assert outcome.status == 2
    assert outcome.members["issuer"] is None
    assert len(outcome.members["wallet"]) > 0
    assert "no answer" in outcome.err
    assert "what it holds is not known" in filled("data").out


def test_an_empty_wallet_holds_nothing_and_asks_nobody(run: Run, phone: Phone) -> None:
    outcome = run("data", "--json")
    assert (outcome.status, outcome.members) == (0, {"wallet": [], "issuer": []})
    assert phone.issuer.requests == []


def test_end_tells_the_issuer_and_empties_the_wallet(filled: Run, phone: Phone) -> None:
    outcome = filled("end", "--json")
    assert (outcome.status, outcome.members) == (0, {"ended": True})
    assert len(phone.issuer.ended) == 1
    assert not phone.path.exists()
    assert filled("show").status == 2


def test_end_erases_nothing_when_the_issuer_is_not_reached(filled: Run, phone: Phone) -> None:
    phone.issuer.unreachable = True
    before = phone.path.read_bytes()
    assert filled("end").status == 2
    assert phone.path.read_bytes() == before


@pytest.mark.parametrize("problem", [Problem.ENDED, Problem.ENTITLEMENT_EXPIRED, Problem.SUNSET])
def test_end_is_content_with_an_issuer_that_issues_nothing_any_more(
    filled: Run, phone: Phone, problem: Problem
) -> None:
    phone.issuer.refuse["/v1/me/end"] = problem
    assert filled("end").status == 0
    assert not phone.path.exists()


def test_end_erases_nothing_when_the_issuer_refuses(filled: Run, phone: Phone) -> None:
    phone.issuer.refuse["/v1/me/end"] = Problem.NOT_ALLOWED
    assert filled("end").status == 1
    assert phone.path.exists()


@pytest.mark.parametrize("command", ["end", "erase"])
def test_at_a_terminal_the_holder_is_asked_before_anything_is_lost(
    filled: Run, phone: Phone, command: str
) -> None:
    outcome = filled(command, given=Terminal("n\n"))
    assert (outcome.status, outcome.err.endswith("error: stopped\n")) == (2, True)
    assert phone.path.exists()
    assert filled(command, given=Terminal("y\n")).status == 0
    assert not phone.path.exists()


def test_erase_tells_nobody_and_says_so(filled: Run, phone: Phone) -> None:
    before = len(phone.issuer.requests)
    outcome = filled("erase")
    assert outcome.status == 0
    assert "The issuer was not told" in outcome.out
    assert len(phone.issuer.requests) == before
    assert not phone.path.exists()


def test_an_empty_wallet_can_be_erased_but_not_ended(run: Run) -> None:
    assert run("erase").status == 0
    assert run("end").status == 2


def test_a_damaged_wallet_is_one_line_for_every_command(filled: Run, phone: Phone) -> None:
    phone.path.write_bytes(b"{}")
    for command in ("sync", "status", "show", "data", "end"):
        outcome = filled(command)
        assert outcome.status == 2
        assert "is damaged" in outcome.err
        assert outcome.err.count("\n") == 1
    assert phone.path.read_bytes() == b"{}"


def test_a_month_or_a_day_of_birth_is_told_as_what_it_is(
    run: Run, phone: Phone, issuer: IssuerInMemory
) -> None:
    issuer.world = World(hint="month", batch_size=4, statuses=("green",))
    outcome = run("activate", "-", given=phone.link_to(CODE))
    assert "month of birth: 03." in outcome.out
    issuer._made = None
    issuer.world = World(hint="day", batch_size=4, statuses=("green",), iss="https://two.example")
    outcome = run("activate", "-", "--replace", given=phone.link_to(OTHER_CODE))
    assert "birthday (month-day): 03-17." in outcome.out


@pytest.mark.parametrize(
    "words",
    [("dance",), ("show", "--loud"), ("activate",), ("sync", "now"), ("status", "--lang", "de")],
)
def test_wrong_words_are_one_line_that_points_to_help(run: Run, words: tuple[str, ...]) -> None:
    outcome = run(*words)
    assert outcome.status == 2
    assert "try: qupia-wallet --help" in outcome.err
