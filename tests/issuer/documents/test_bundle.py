"""The trust bundle: what is in it, when a new one is due, and how large it may become."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from issuer.documents.bundle import (
    BYTES_WITHOUT_KEYS,
    KEY_MEMBER_BYTES,
    RENEW_AFTER,
    TRACING_MEMBER_BYTES,
    Retired,
    bundle_end,
    check_size,
    is_due,
    load_retired,
    save_retired,
)
from issuer.home import Home
from issuer.keys.tracing import export_members, tracing_members
from issuer.rules.policy import (
    MOST_POLICIES,
    MOST_STATUSES,
    Policy,
    default_policy_text,
    parse_policy,
)
from schemas.bundle import PassKey, TrustBundle
from schemas.encoding import b64url_encode
from schemas.hints import HintForm
from schemas.hours import day_at, days_between, hour_at, hours_between
from schemas.jws import Typ
from schemas.kinds import DAY, HOUR
from schemas.windows import Window
from shell.errors import CommandError
from tests.support.issuers import NOON, Service
from tests.support.texts import to_json

POLICY = parse_policy(default_policy_text())
SUNSET = NOON + 180 * DAY


def policy(**settings: Any) -> Policy:
    """The default rules with other numbers or texts."""
    text = default_policy_text()
    for name, value in settings.items():
        text = re.sub(rf"^{name} = .*$", f"{name} = {value}", text, flags=re.MULTILINE)
    return parse_policy(text)


def withdrawn(key_id: bytes, window_exp: int, *, at: int = NOON) -> Retired:
    return Retired(PassKey(key_id, bytes(256), "green", "03", Window(NOON - DAY, window_exp)), at)


def due(issuer: Service, *, now: int = NOON, **changes: Any) -> bool:
    authority = issuer.authority
    given: dict[str, Any] = {
        "policy": authority.policy,
        "sunset": authority.sunset,
        "key_ids": authority.bundle().by_id.keys(),
        "retired": [],
    }
    return is_due(authority.bundle(), **given | changes, now=now)


# When


def test_a_bundle_is_due_after_six_hours(issuer: Service) -> None:
    assert not due(issuer)
    assert not due(issuer, now=NOON + RENEW_AFTER - 1)
    assert due(issuer, now=NOON + RENEW_AFTER)


def test_a_bundle_of_the_future_is_due_since_the_clock_was_set_back(issuer: Service) -> None:
    assert due(issuer, now=NOON - 1)


def test_a_bundle_is_due_when_one_of_its_keys_is_gone(issuer: Service) -> None:
    ids = set(issuer.authority.bundle().by_id)
    ids.pop()
    assert due(issuer, key_ids=ids)


def test_further_keys_make_no_bundle_due(issuer: Service) -> None:
    assert not due(issuer, key_ids={*issuer.authority.bundle().by_id, bytes(32)})


def test_a_bundle_is_due_when_a_key_is_retired(issuer: Service) -> None:
    assert due(issuer, retired=[withdrawn(bytes(32), NOON + DAY)])


def test_a_bundle_is_due_when_the_sunset_moved(issuer: Service) -> None:
    assert due(issuer, sunset=NOON + DAY)


@pytest.mark.parametrize(
    "settings",
    [
        {"name": '{ kk = "A", ru = "B", en = "C" }'},
        {"colour": '"#123456"'},
        {"hint": '"ignore"'},
        {"admit": '["green"]'},
        {"window_hours": 12},
        {"time_zone": '"Asia/Tokyo"'},
    ],
    ids=lambda settings: next(iter(settings)),
)
def test_a_bundle_is_due_when_the_rules_say_something_else(
    issuer: Service, settings: dict[str, Any]
) -> None:
    changed = default_policy_text().replace("#1565c0", "#1565c1", 1)
    for name, value in settings.items():
        if name == "colour":
            continue
        changed = re.sub(rf"^{name} = .*$", f"{name} = {value}", changed, count=1, flags=re.M)
    assert due(issuer, policy=parse_policy(changed))


def test_other_rules_make_no_bundle_due(issuer: Service) -> None:
    name = issuer.authority.policy.name
    changed = replace(policy(codes_per_day=7, bundle_hours=48), name=name)
    assert not due(issuer, policy=changed)


# Until when


@pytest.mark.parametrize(
    ("signer", "sunset", "end"),
    [
        (35 * DAY, 180 * DAY, 72 * HOUR),
        (DAY, 180 * DAY, DAY),
        (35 * DAY, 2 * DAY, 2 * DAY),
        (HOUR, 2 * HOUR, HOUR),
    ],
)
def test_a_bundle_ends_no_later_than_its_signer_and_the_sunset(
    signer: int, sunset: int, end: int
) -> None:
    ends = bundle_end(POLICY, signer_exp=NOON + signer, sunset=NOON + sunset, now=NOON)
    assert ends == NOON + end


# Size


@pytest.mark.parametrize("hint", ["none", "month", "day"])
def test_the_default_rules_fit_every_form_of_hint(hint: str) -> None:
    check_size(HintForm(hint), POLICY, sunset=SUNSET, now=NOON)


@pytest.mark.parametrize(
    "settings",
    [{"bundle_hours": 168, "window_hours": 12}, {"bundle_hours": 96, "window_hours": 6}],
    ids=str,
)
def test_rules_whose_bundle_can_exceed_4_mb_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(CommandError, match=r"need \d+ keys in one bundle, more than 4 MB; choose"):
        check_size(HintForm.DAY, policy(**settings), sunset=SUNSET, now=NOON)
    check_size(HintForm.MONTH, policy(**settings), sunset=SUNSET, now=NOON)


def test_the_estimate_of_a_keys_size_is_no_smaller_than_the_truth(issuer: Service) -> None:
    published = issuer.authority.published()
    assert published is not None
    entry = published.bundle.pass_keys[0]
    members = {
        "id": b64url_encode(entry.id),
        "n": b64url_encode(entry.modulus),
        "status": "",
        "holder": "02-29",
        "nbf": entry.window.nbf,
        "exp": entry.window.exp,
    }
    assert len(to_json(members) + b",") == KEY_MEMBER_BYTES


def test_the_estimate_of_an_hours_size_is_no_smaller_than_the_truth() -> None:
    members = tracing_members({hour_at(NOON): bytes(32)})
    assert len(to_json(members)[1:-1] + b",") == TRACING_MEMBER_BYTES
    members = export_members({day_at(NOON): bytes(32)})
    assert len(to_json(members)[1:-1] + b",") <= TRACING_MEMBER_BYTES


def test_everything_but_the_keys_has_room_however_long_its_texts_are() -> None:
    words = dict.fromkeys(("kk", "ru", "en"), "құ" * 100)
    policies = [
        {"id": "p" * 32, "name": words, "admit": ["s" * 32] * 4, "hint": "ignore"}
    ] * MOST_POLICIES
    statuses = [{"id": "s" * 32, "name": words, "colour": "#123456"}] * MOST_STATUSES
    statements, retired = ["x" * 1200] * 36, ["A" * 43] * 100
    texts = [words, policies, statuses, statements, retired]
    assert len(to_json(texts)) * 4 / 3 < BYTES_WITHOUT_KEYS


# Retired keys


def test_retired_keys_are_remembered_until_their_window_ends(tmp_path: Path) -> None:
    home = Home(tmp_path)
    assert load_retired(home, NOON) == []
    entries = [withdrawn(b"a" * 32, NOON + 1), withdrawn(b"b" * 32, NOON + DAY, at=NOON + HOUR)]
    save_retired(home, entries)
    assert load_retired(home, NOON) == entries
    assert load_retired(home, NOON + 1) == entries[1:]
    assert load_retired(home, NOON + DAY) == []


@pytest.mark.parametrize(
    "content", ["", "{", "5", "[5]", '[["A"]]', "[{}]", '[{"key": null, "at": 5}]']
)
def test_a_damaged_list_of_retired_keys_is_one_line(tmp_path: Path, content: str) -> None:
    home = Home(tmp_path)
    save_retired(home, [])
    home.retired.write_text(content)
    with pytest.raises(CommandError, match=r"retired.json is damaged; restore it from a backup$"):
        load_retired(home, NOON)


# What is in it


def test_a_bundle_says_what_the_home_says(issuer: Service) -> None:
    bundle: TrustBundle = issuer.authority.bundle()
    fixed, rules = issuer.authority.config, issuer.authority.policy
    assert (bundle.iss, bundle.token_issuer) == (fixed.url, fixed.token_issuer)
    assert (bundle.sunset, bundle.specimen) == (issuer.authority.sunset, False)
    assert (bundle.batch_size, bundle.hint) == (8, HintForm.NONE)
    assert bundle.name == rules.name == dict.fromkeys(("kk", "ru", "en"), "Test authority")
    assert [status.id for status in bundle.statuses] == ["green", "blue"]
    assert [kind.id for kind in bundle.policies] == ["everyday", "events"]
    assert (bundle.iat, bundle.exp, bundle.version) == (NOON, NOON + 72 * HOUR, 1)
    assert list(bundle.tracing) == list(hours_between(NOON - DAY, NOON + 72 * HOUR))
    assert list(bundle.tracing_exports) == list(days_between(NOON - DAY, NOON + 72 * HOUR))
    assert (bundle.retired, bundle.retiring) == ({}, ())


def test_service_keys_are_listed_for_as_long_as_they_sign(issuer: Service) -> None:
    keys = issuer.authority.bundle().service_keys
    assert [key["typ"] for key in keys] == [Typ.RETENTION, Typ.NOTICES]
    for key in keys:
        assert key["nbf"] <= NOON - 7 * DAY
        assert key["exp"] == issuer.authority.sunset
        assert not {"d", "n"} & key.keys()


def test_no_pass_key_is_published_as_a_jwk(issuer: Service) -> None:
    bundle = issuer.authority.bundle()
    assert bundle.paper_keys
    for key in (*bundle.service_keys, *(paper.jwk for paper in bundle.paper_keys)):
        assert (key["kty"], key["crv"]) == ("EC", "P-256")
