"""A wallet believes a list of hours of its own authority, of now, and never one set back."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.bundle import LONGEST_LIFE, TrustBundle
from schemas.encoding import b64url_encode
from schemas.jws import Typ
from schemas.kinds import DAY, HOUR
from schemas.languages import Language
from schemas.notices import (
    MOST_NOTICES,
    NOTICES_LIMIT,
    Notice,
    NoticeList,
    NoticesFault,
    NoticesRejected,
    NoticesState,
    accept_notices,
    notices_kids,
)
from schemas.trust import bundle_digest
from tests.support import texts
from tests.support.hpke import fixed_key
from tests.support.keys import EcKey, ec_key
from tests.support.world import NOON, World

WORLD = World()
BUNDLE = WORLD.accepted(NOON)
NOTICE = Notice(492_703, fixed_key("venue"), fixed_key("authority"))
Payload = dict[str, Any]


def payload(**members: Any) -> Payload:
    return {
        "iss": WORLD.iss,
        "version": 7,
        "iat": NOON,
        "exp": NOON + 72 * HOUR,
        "notices": [NOTICE.member()],
    } | members


def signed(content: Payload, *, typ: str = Typ.NOTICES, key: EcKey = WORLD.notices_key) -> bytes:
    return texts.jws(content, typ=typ, key=key).encode()


def accept(
    data: bytes,
    state: NoticesState | None = None,
    *,
    now: int = NOON,
    bundle: TrustBundle = BUNDLE,
) -> NoticeList:
    """``state`` is what was seen of the lists of this world's key."""
    seen = {} if state is None else {WORLD.notices_key.kid: state}
    return accept_notices(data, bundle=bundle, seen=seen, now=now)


def fault_of(
    data: bytes,
    state: NoticesState | None = None,
    *,
    now: int = NOON,
    bundle: TrustBundle = BUNDLE,
) -> NoticesFault:
    with pytest.raises(NoticesRejected) as rejected:
        accept(data, state, now=now, bundle=bundle)
    return rejected.value.fault


def test_a_list_is_read_and_remembered() -> None:
    data = signed(payload())
    accepted, kid, digest = accept(data), WORLD.notices_key.kid, bundle_digest(data)
    assert accepted == NoticeList(kid, 7, NOON, NOON + 72 * HOUR, (NOTICE,), digest)
    assert accepted.state == NoticesState(7, digest)


def test_the_same_list_again_changes_nothing() -> None:
    data = signed(payload())
    accepted = accept(data)
    assert accept(data, accepted.state) == accepted


def test_an_empty_list_is_a_list() -> None:
    assert accept(signed(payload(notices=[]))).notices == ()


def test_unknown_members_are_ignored() -> None:
    data = signed(payload(note="x", notices=[NOTICE.member() | {"note": "x"}]))
    assert accept(data).notices == (NOTICE,)


def test_a_newer_list_replaces_an_older_one_and_may_say_less() -> None:
    """So that a notice which was a mistake can be withdrawn."""
    first = accept(signed(payload()))
    second = accept(signed(payload(version=8, notices=[])), first.state)
    assert (second.notices, second.state.version) == ((), 8)


# Each fault


def oversized(_: Payload) -> bytes:
    return b"a" * (NOTICES_LIMIT + 1)


def of_a_stranger(content: Payload) -> bytes:
    return texts.jws(
        content, typ=Typ.NOTICES, key=ec_key("a stranger"), kid=WORLD.notices_key.kid
    ).encode()


CASES: dict[NoticesFault, tuple[Callable[[Payload], bytes], NoticesState | None]] = {
    NoticesFault.NOT_A_LIST: (lambda content: signed(content)[:-1], None),
    NoticesFault.TOO_LARGE: (oversized, None),
    NoticesFault.UNKNOWN_SIGNER: (of_a_stranger, None),
    NoticesFault.ROLLBACK: (signed, NoticesState(8, "x")),
    NoticesFault.SPLIT_VIEW: (signed, NoticesState(7, "x")),
    NoticesFault.EXPIRED: (lambda content: signed(content | {"exp": NOON}), None),
    NoticesFault.CLOCK_BEHIND: (lambda content: signed(content | {"iat": NOON + 121}), None),
}


@pytest.mark.parametrize("fault", NoticesFault)
def test_each_fault_has_a_list_that_is_refused_for_it(fault: NoticesFault) -> None:
    make, state = CASES[fault]
    assert fault_of(make(payload(iat=NOON - HOUR)), state) is fault


@pytest.mark.parametrize("fault", NoticesFault)
@pytest.mark.parametrize("language", Language)
def test_each_fault_has_a_sentence_in_each_language(
    fault: NoticesFault, language: Language
) -> None:
    assert NoticesRejected(fault).text(language).endswith(".")


# Who signs


@pytest.mark.parametrize("typ", [typ for typ in Typ if typ is not Typ.NOTICES])
def test_the_key_of_the_notices_signs_nothing_else(typ: Typ) -> None:
    assert fault_of(signed(payload(), typ=typ)) is NoticesFault.UNKNOWN_SIGNER


@pytest.mark.parametrize("typ", Typ)
@pytest.mark.parametrize(
    "role", ["root", "signer", "paper_key", "retention_key", "entitlement_key"]
)
def test_no_other_key_of_the_authority_signs_a_list(role: str, typ: Typ) -> None:
    data = signed(payload(), typ=typ, key=getattr(WORLD, role))
    assert fault_of(data) is NoticesFault.UNKNOWN_SIGNER


@pytest.mark.parametrize("role", ["retention_key", "paper_key"])
def test_another_key_that_takes_the_name_of_the_right_one_is_refused(role: str) -> None:
    text = texts.jws(
        payload(), typ=Typ.NOTICES, key=getattr(WORLD, role), kid=WORLD.notices_key.kid
    )
    assert fault_of(text.encode()) is NoticesFault.UNKNOWN_SIGNER


@pytest.mark.parametrize(
    "members",
    [
        {"alg": "none"},
        {"alg": "HS256"},
        {"crit": ["exp"]},
        {"kid": 7},
        {"kid": ["x"]},
        {"kid": None},
    ],
    ids=str,
)
def test_a_header_that_is_not_as_it_must_be_is_refused(members: dict[str, object]) -> None:
    header = {"alg": "ES256", "kid": WORLD.notices_key.kid, "typ": Typ.NOTICES.value} | members
    text = texts.signed(texts.to_json(header), texts.to_json(payload()), WORLD.notices_key)
    assert fault_of(text.encode()) is NoticesFault.UNKNOWN_SIGNER


def service_key(**members: Any) -> TrustBundle:
    """A bundle whose one service key is that of the notices, with other members."""
    key = WORLD.notices_key
    entry = key.jwk | {"kid": key.kid, "typ": Typ.NOTICES, "nbf": NOON, "exp": NOON + DAY}
    return replace(BUNDLE, service_keys=(entry | members,))


@pytest.mark.parametrize(
    ("now", "fault"),
    [
        (NOON - 1, NoticesFault.UNKNOWN_SIGNER),
        (NOON, None),
        (NOON + DAY - 1, None),
        (NOON + DAY, NoticesFault.UNKNOWN_SIGNER),
    ],
)
def test_a_key_counts_from_its_beginning_to_its_end(now: int, fault: NoticesFault | None) -> None:
    data, bundle = signed(payload()), service_key()
    if fault is None:
        assert accept(data, now=now, bundle=bundle).version == 7
    else:
        assert fault_of(data, now=now, bundle=bundle) is fault


@pytest.mark.parametrize(
    "members",
    [{"typ": Typ.RETENTION}, {"kid": "x" * 43}, {"x": b64url_encode(bytes(32))}, {"y": "A" * 43}],
    ids=str,
)
def test_a_key_that_is_listed_otherwise_signs_no_list(members: dict[str, str]) -> None:
    assert fault_of(signed(payload()), bundle=service_key(**members)) is NoticesFault.UNKNOWN_SIGNER


def test_a_bundle_without_service_keys_has_no_list() -> None:
    bundle = replace(BUNDLE, service_keys=())
    assert fault_of(signed(payload()), bundle=bundle) is NoticesFault.UNKNOWN_SIGNER


def test_a_list_of_another_authority_is_refused_though_its_key_were_listed_here() -> None:
    data = signed(payload(iss="https://other.example"))
    assert fault_of(data) is NoticesFault.NOT_A_LIST


# Time


@pytest.mark.parametrize(("late", "accepted"), [(-1, True), (0, False), (1, False)])
def test_a_list_ends_at_its_exp(late: int, accepted: bool) -> None:
    data, now = signed(payload()), NOON + 72 * HOUR + late
    if accepted:
        assert accept(data, now=now).version == 7
    else:
        assert fault_of(data, now=now) is NoticesFault.EXPIRED


@pytest.mark.parametrize("life", [-1, 0, LONGEST_LIFE + 1])
def test_a_list_without_a_life_or_with_a_long_one_is_refused(life: int) -> None:
    assert fault_of(signed(payload(exp=NOON + life))) is NoticesFault.NOT_A_LIST


def test_the_longest_life_of_a_list_is_that_of_a_bundle() -> None:
    assert accept(signed(payload(exp=NOON + LONGEST_LIFE))).exp == NOON + 7 * DAY


@pytest.mark.parametrize(("ahead", "accepted"), [(120, True), (121, False), (DAY, False)])
def test_a_list_may_be_made_two_minutes_from_now_at_most(ahead: int, accepted: bool) -> None:
    data = signed(payload(iat=NOON + ahead))
    if accepted:
        assert accept(data).iat == NOON + ahead
    else:
        assert fault_of(data) is NoticesFault.CLOCK_BEHIND


def test_a_list_is_told_to_be_out_of_date_before_it_is_told_to_be_older() -> None:
    """The holder can do something about the first: wait, or set the clock."""
    state = NoticesState(8, "x")
    assert fault_of(signed(payload()), state, now=NOON + 72 * HOUR) is NoticesFault.EXPIRED


def test_the_same_content_under_another_signature_is_a_split_view() -> None:
    """Else an authority could mark each copy that it hands out."""
    state = accept(signed(payload())).state
    header = {"alg": "ES256", "kid": WORLD.notices_key.kid, "typ": Typ.NOTICES.value, "x": 1}
    other = texts.signed(texts.to_json(header), texts.to_json(payload()), WORLD.notices_key)
    assert fault_of(other.encode(), state) is NoticesFault.SPLIT_VIEW


# Several keys

OTHER = ec_key("another key of the notices")
HIGHEST = (1 << 53) - 1


def entry(key: EcKey) -> dict[str, Any]:
    return key.jwk | {"kid": key.kid, "typ": Typ.NOTICES, "nbf": NOON, "exp": NOON + DAY}


def test_the_highest_version_under_one_key_silences_no_other() -> None:
    bundle = replace(BUNDLE, service_keys=(entry(WORLD.notices_key), entry(OTHER)))
    stolen = accept_notices(
        signed(payload(version=HIGHEST), key=OTHER), bundle=bundle, seen={}, now=NOON
    )
    seen = {OTHER.kid: stolen.state}
    accepted = accept_notices(signed(payload()), bundle=bundle, seen=seen, now=NOON)
    assert (accepted.kid, accepted.version) == (WORLD.notices_key.kid, 7)
    with pytest.raises(NoticesRejected) as rejected:
        accept_notices(signed(payload(), key=OTHER), bundle=bundle, seen=seen, now=NOON)
    assert rejected.value.fault is NoticesFault.ROLLBACK


def test_only_keys_of_notices_are_remembered() -> None:
    bundle = WORLD.accepted(NOON)
    assert {key["typ"] for key in bundle.service_keys} == {Typ.RETENTION, Typ.NOTICES}
    assert notices_kids(bundle) == {WORLD.notices_key.kid}


# The content


def notice(**members: Any) -> Payload:
    return {"notices": [NOTICE.member() | members]}


KEY = b64url_encode(bytes(32))


@pytest.mark.parametrize(
    "members",
    [
        {"version": 0},
        {"version": -1},
        {"version": 1.5},
        {"version": "7"},
        {"version": True},
        {"version": 10**400},
        {"iat": -1},
        {"iat": None},
        {"exp": 253_402_300_800},
        {"iss": None},
        {"notices": None},
        {"notices": {}},
        {"notices": [None]},
        {"notices": [[]]},
        notice(hour=-1),
        notice(hour=1_193_046),
        notice(hour=1 << 32),
        notice(hour=1.5),
        notice(hour="492703"),
        notice(venue_key=KEY + "A"),
        notice(venue_key=KEY[:-1]),
        notice(venue_key=KEY[:-1] + "B"),
        notice(authority_key=KEY[:-1] + "="),
        notice(authority_key=None),
        notice(authority_key="ключ"),
    ],
    ids=lambda members: str(members)[:60],
)
def test_a_content_of_another_shape_is_no_list(members: Payload) -> None:
    assert fault_of(signed(payload(**members))) is NoticesFault.NOT_A_LIST


@pytest.mark.parametrize("name", payload())
def test_no_member_of_a_list_may_be_missing(name: str) -> None:
    rest = {other: value for other, value in payload().items() if other != name}
    assert fault_of(signed(rest)) is NoticesFault.NOT_A_LIST


@pytest.mark.parametrize("name", NOTICE.member())
def test_no_member_of_a_notice_may_be_missing(name: str) -> None:
    rest = {other: value for other, value in NOTICE.member().items() if other != name}
    assert fault_of(signed(payload(notices=[rest]))) is NoticesFault.NOT_A_LIST


@pytest.mark.parametrize("end", [b"\n", b" ", b"\x00", b"."])
def test_nothing_stands_after_a_list(end: bytes) -> None:
    assert fault_of(signed(payload()) + end) is NoticesFault.NOT_A_LIST


@given(
    st.binary(max_size=200)
    | st.text(max_size=200).map(lambda text: text.encode("utf-8", "replace"))
)
def test_any_bytes_are_no_list(data: bytes) -> None:
    assert fault_of(data) is NoticesFault.NOT_A_LIST


@given(
    st.dictionaries(
        st.sampled_from([*payload(), "x"]),
        st.none()
        | st.integers()
        | st.text(st.characters(codec="utf-8"))
        | st.lists(st.dictionaries(st.sampled_from([*NOTICE.member()]), st.integers()), max_size=2),
    )
)
def test_any_signed_members_are_a_list_or_refused_as_none(members: Payload) -> None:
    try:
        accepted = accept(signed(payload(**members)))
    except NoticesRejected as rejected:
        assert rejected.fault in (
            NoticesFault.NOT_A_LIST,
            NoticesFault.EXPIRED,
            NoticesFault.CLOCK_BEHIND,
        )
    else:
        assert accepted.version == members.get("version", 7)


def test_a_list_of_100_000_hours_is_read_and_one_more_is_refused() -> None:
    members = [NOTICE.member() | {"hour": number} for number in range(MOST_NOTICES)]
    data = signed(payload(notices=members))
    assert len(data) <= NOTICES_LIMIT
    accepted = accept(data)
    assert len(accepted.notices) == MOST_NOTICES
    assert accepted.notices[-1] == Notice(99_999, NOTICE.venue_key, NOTICE.authority_key)
    one_more = signed(payload(notices=[*members, NOTICE.member()]))
    assert fault_of(one_more) is NoticesFault.NOT_A_LIST


def test_a_notice_does_not_print_its_keys() -> None:
    assert NOTICE.venue_key.hex() not in repr(NOTICE)
    assert repr(NOTICE.venue_key) not in repr(NOTICE)
