"""From a slip to an entitlement, with lost answers, wrong codes and wrong clocks between."""

import json
from dataclasses import replace

import pytest

from schemas.activation import Activation, format_activation_url, format_code
from schemas.bundle_faults import BundleFault, BundleRejected
from schemas.evidence import EvidencePair
from schemas.kinds import DAY
from schemas.problems import ApiProblem, Problem
from schemas.root_statements import parse_signed
from shell.errors import CommandError
from tests.support.issuer_in_memory import (
    CODE,
    OTHER_CODE,
    IssuerInMemory,
    Phone,
    Time,
)
from tests.support.world import NOON, World
from wallet_sim.fetching.activation import (
    ActivationSlip,
    activate,
    check_replaceable,
    parse_slip,
)
from wallet_sim.fetching.sync import refresh
from wallet_sim.passes.state import Batch

ISSUER = "https://qupia.example"
ROOT = "r" * 43
LINK = format_activation_url(Activation(ISSUER, CODE, ROOT))


def sent_codes(issuer: IssuerInMemory) -> list[str]:
    return [r.members["code"] for r in issuer.posted if r.path == "/v1/entitlements"]


def sending_keys(issuer: IssuerInMemory) -> set[str]:
    return set(issuer.used.values())


def test_a_link_carries_all_that_a_wallet_needs() -> None:
    slip = parse_slip(LINK, issuer=None, root=None)
    assert (slip.issuer, slip.root, slip.code) == (ISSUER, ROOT, CODE)


def test_a_code_needs_issuer_and_root() -> None:
    slip = parse_slip(format_code(CODE).lower(), issuer=ISSUER + "/", root=ROOT)
    assert (slip.issuer, slip.root, slip.code) == (ISSUER, ROOT, CODE)
    for given in ({"issuer": ISSUER, "root": None}, {"issuer": None, "root": ROOT}):
        with pytest.raises(CommandError, match="add --issuer URL and --root THUMBPRINT"):
            parse_slip(CODE, **given)


def test_options_that_agree_with_a_link_are_allowed() -> None:
    assert parse_slip(LINK, issuer=ISSUER + "/", root=ROOT).root == ROOT


@pytest.mark.parametrize(
    ("given", "line"),
    [
        ({"issuer": "https://other.example", "root": None}, "--issuer contradicts"),
        ({"issuer": None, "root": "s" * 43}, "--root contradicts"),
    ],
)
def test_options_that_contradict_a_link_are_refused(given: dict[str, str], line: str) -> None:
    with pytest.raises(CommandError, match=line):
        parse_slip(LINK, **given)


@pytest.mark.parametrize(
    "text",
    [
        "7K3M-9QX2",
        "7K3M-9QX2-VT00-AC5U",
        "http://qupia.example/activate#7K3M-9QX2-VT00-AC5H." + ROOT,
        LINK[:-1],
        LINK.replace("/activate", "/elsewhere"),
        ISSUER + "/activate#7K3M-9QX2-VT00-AC5H",
    ],
    ids=["short", "no such letter", "http", "short root", "other path", "no root"],
)
def test_what_is_neither_code_nor_link_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(CommandError) as caught:
        parse_slip(text, issuer=None if "#" in text else ISSUER, root=None if "#" in text else ROOT)
    assert "7K3M" not in caught.value.message
    assert caught.value.exit_code == 2


def test_a_root_of_another_form_is_refused() -> None:
    with pytest.raises(CommandError, match="43 characters"):
        parse_slip(CODE, issuer=ISSUER, root="abc")


def test_an_activation_gives_the_entitlement_and_forgets_the_code(phone: Phone) -> None:
    entitlement = phone.activate().entitlement
    assert entitlement is not None
    assert (entitlement.status, entitlement.holder) == ("green", None)
    assert entitlement.until == phone.issuer.codes[CODE]
    assert phone.wallet.activating == ()
    assert CODE.encode() not in phone.path.read_bytes()


def test_the_code_is_sent_in_groups_of_four(phone: Phone) -> None:
    phone.activate()
    assert sent_codes(phone.issuer) == ["7K3M-9QX2-VT00-AC5H"]


def test_the_account_key_is_stored_with_the_code_before_the_code_is_sent(phone: Phone) -> None:
    stored = []

    def look(members: dict) -> dict:
        stored.append([(held.code, len(held.account_key)) for held in phone.wallet.activating])
        return members

    phone.issuer.cheat["/v1/entitlements"] = look
    phone.activate()
    assert stored == [[(CODE, 32)]]


def test_after_a_lost_answer_the_same_key_gets_the_same_entitlement(phone: Phone) -> None:
    phone.issuer.lost.add("/v1/entitlements")
    with pytest.raises(CommandError):
        phone.activate()
    assert phone.wallet.entitlement is None
    phone.issuer.lost.clear()
    assert phone.activate().entitlement is not None
    assert len(sending_keys(phone.issuer)) == 1


def test_a_mistyped_code_in_between_does_not_lose_the_key_of_the_right_one(phone: Phone) -> None:
    phone.issuer.lost.add("/v1/entitlements")
    with pytest.raises(CommandError):
        phone.activate()
    phone.issuer.lost.clear()
    with pytest.raises(ApiProblem, match="code_unknown"):
        phone.activate("0" * 16)
    assert phone.activate().entitlement is not None


@pytest.mark.parametrize("problem", [Problem.CODE_UNKNOWN, Problem.CODE_USED, Problem.SUNSET])
def test_a_code_that_can_never_be_used_is_not_kept(phone: Phone, problem: Problem) -> None:
    phone.issuer.refuse["/v1/entitlements"] = problem
    with pytest.raises(ApiProblem, match=problem):
        phone.activate()
    assert phone.wallet.activating == ()


@pytest.mark.parametrize("problem", [Problem.TOO_MANY, Problem.NOT_READY, Problem.FAILED])
def test_a_code_that_may_be_used_later_is_kept(phone: Phone, problem: Problem) -> None:
    phone.issuer.refuse["/v1/entitlements"] = problem
    with pytest.raises(ApiProblem, match=problem):
        phone.activate()
    assert [held.code for held in phone.wallet.activating] == [CODE]


def test_a_wrong_root_costs_no_code(phone: Phone) -> None:
    with pytest.raises(BundleRejected) as caught:
        activate(phone.session(), replace(phone.slip, root="r" * 43))
    assert caught.value.fault is BundleFault.UNKNOWN_ROOT
    assert phone.issuer.posted == []
    assert not phone.path.exists()


def test_an_issuer_that_goes_by_another_address_is_refused(phone: Phone) -> None:
    phone.issuer.publish(iss="https://other.example")
    with pytest.raises(CommandError, match=r"calls itself https://other\.example"):
        phone.activate()
    assert phone.issuer.posted == []


@pytest.mark.parametrize(
    ("member", "value", "line"),
    [
        ("status", "violet", "does not have this wallet's status"),
        ("holder", "03", "gave a hint that its own trust bundle does not know"),
        ("until", "2026-03-17T06:59:59Z", "has run out"),
        ("until", "2027-03-22T00:00:00Z", "outlives any evidence"),
        ("until", "2099-12-31T23:59:59Z", "outlives any evidence"),
        ("until", "2026-02-30T00:00:00Z", "a time that does not exist"),
    ],
)
def test_an_entitlement_that_the_bundle_has_no_place_for_is_refused(
    phone: Phone, member: str, value: str, line: str
) -> None:
    phone.issuer.cheat["/v1/entitlements"] = lambda members: members | {member: value}
    with pytest.raises(CommandError, match=line):
        phone.activate()
    assert phone.wallet.entitlement is None


@pytest.mark.parametrize("missing", ["entitlement", "status", "holder", "until"])
def test_an_entitlement_without_a_member_makes_no_sense(phone: Phone, missing: str) -> None:
    phone.issuer.cheat["/v1/entitlements"] = lambda members: {
        name: value for name, value in members.items() if name != missing
    }
    with pytest.raises(CommandError, match="makes no sense"):
        phone.activate()


def test_a_wallet_in_use_is_not_emptied_unless_asked(phone: Phone) -> None:
    wallet = phone.activate()
    other = replace(phone.slip, code=OTHER_CODE)
    with pytest.raises(CommandError, match="add --replace") as caught:
        check_replaceable(wallet, other, replacing=False)
    assert caught.value.exit_code == 1
    check_replaceable(wallet, other, replacing=True)


def test_whoever_waits_for_the_answer_to_a_code_need_not_agree_again(phone: Phone) -> None:
    phone.activate()
    phone.issuer.lost.add("/v1/entitlements")
    with pytest.raises(CommandError):
        phone.activate(OTHER_CODE)
    check_replaceable(phone.wallet, replace(phone.slip, code=OTHER_CODE), replacing=False)
    with pytest.raises(CommandError):
        check_replaceable(phone.wallet, replace(phone.slip, code="9" * 16), replacing=False)


def test_while_a_new_code_waits_the_old_entitlement_stays(phone: Phone) -> None:
    before = phone.activate().entitlement
    phone.issuer.lost.add("/v1/entitlements")
    with pytest.raises(CommandError):
        phone.activate(OTHER_CODE)
    assert phone.wallet.entitlement == before


def test_a_second_activation_has_another_key_and_begins_with_empty_hands(phone: Phone) -> None:
    first = phone.activate().entitlement
    window = phone.windows()[0]
    phone.file.update(lambda held: held.with_batch(Batch(b"id", window, ())))
    second = phone.activate(OTHER_CODE)
    assert first is not None
    assert second.entitlement is not None
    assert second.entitlement.account_key != first.account_key
    assert (second.batches, second.pending, second.plan) == ((), (), None)


def test_a_root_that_was_pinned_before_keeps_what_was_seen_of_it(phone: Phone) -> None:
    old = phone.issuer.bundle()
    phone.issuer.clock.now += 7 * 3600
    before = phone.activate().authority
    phone.issuer._made = (phone.issuer.clock(), old)
    assert phone.activate(OTHER_CODE).authority == before


@pytest.mark.parametrize("is_known", [True, False], ids=["fetched before", "first with the slip"])
def test_a_newer_anchor_of_the_same_authority_keeps_what_was_seen_of_it(
    phone: Phone, is_known: bool
) -> None:
    before = phone.activate().trusted().trust
    world = phone.issuer.world
    world.rotate_root(NOON)
    phone.issuer.publish()
    if is_known:
        refresh(phone.session())
    newer = parse_signed(world.statements[-1]).statement.anchor
    after = activate(phone.session(), replace(phone.slip, code=OTHER_CODE, root=newer))
    trust = after.trusted().trust
    assert newer != before.anchor == trust.anchor
    assert trust.root_version == 2
    assert before.log is not None and trust.log is not None
    assert trust.log.size > before.log.size
    assert not trust.log_replaced


def test_a_newer_anchor_does_not_hide_what_contradicts_the_history(phone: Phone) -> None:
    """The slip may be from whoever made the contradiction, so it is kept all the same."""
    phone.activate()
    world = phone.issuer.world
    world.log = world.log.fork(0)
    world.rotate_root(NOON)
    phone.issuer.publish()
    newer = parse_signed(world.statements[-1]).statement.anchor
    activate(phone.session(), replace(phone.slip, code=OTHER_CODE, root=newer))
    [pair] = phone.file.evidence()
    assert pair.fault is BundleFault.SPLIT_VIEW


def test_a_new_root_is_a_new_beginning(phone: Phone, issuer: IssuerInMemory) -> None:
    phone.activate()
    again = World(iss=ISSUER, batch_size=4, first_key=50)
    again.roots = [again._key("another root")]
    again.statements = [again.statement(1, by=again.roots, now=NOON)]
    again.pin = parse_signed(again.statements[0]).statement.anchor
    new = replace(issuer, world=again, _made=None)
    wallet = replace(phone, issuer=new).activate(OTHER_CODE)
    assert wallet.authority is not None
    assert wallet.authority.trust.anchor == again.pin


@pytest.mark.parametrize("wrong_by", [-30 * DAY, -3 * 3600, 3 * 3600, 30 * DAY, 4000 * DAY])
def test_a_wallet_with_a_wrong_clock_is_activated_all_the_same(phone: Phone, wrong_by: int) -> None:
    theirs = Time(NOON + wrong_by)
    wallet = replace(phone, clock=theirs).activate()
    assert wallet.entitlement is not None
    assert wallet.clock_offset == -wrong_by


def test_a_wrong_clock_that_nobody_corrects_is_one_clear_line(phone: Phone) -> None:
    phone.issuer.age = "10"
    behind, ahead = (replace(phone, clock=Time(NOON + wrong)) for wrong in (-3600, 30 * DAY))
    with pytest.raises(CommandError, match="the clock of this device is behind"):
        behind.activate()
    with pytest.raises(BundleRejected, match="expired"):
        ahead.activate()


def test_two_bundles_of_one_version_are_kept_as_evidence(phone: Phone) -> None:
    phone.activate()
    world = phone.issuer.world
    first = phone.issuer.bundle()
    world.version -= 1
    second = phone.issuer.publish(name={"kk": "x", "ru": "x", "en": "x"})
    with pytest.raises(BundleRejected) as caught:
        phone.activate(OTHER_CODE)
    assert caught.value.fault is BundleFault.SPLIT_VIEW
    [pair] = phone.file.evidence()
    assert pair == EvidencePair(BundleFault.SPLIT_VIEW, first.decode(), second.decode())


def test_a_slip_never_prints_its_code() -> None:
    assert CODE not in repr(ActivationSlip(ISSUER, ROOT, CODE))


def test_the_wallet_file_says_nothing_of_the_code_after_a_refusal(phone: Phone) -> None:
    phone.issuer.codes.clear()
    with pytest.raises(ApiProblem, match="code_unknown"):
        phone.activate()
    assert json.loads(phone.path.read_text())["wallet"]["activating"] == []
