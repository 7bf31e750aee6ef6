"""Forms that count once and only from our own pages: every way in which one is not such a form."""

import pytest
from starlette.requests import Request

from schemas.encoding import b64url_decode, b64url_encode
from shell.forms import FORM_LIFE, Sent, is_form_of, is_from_here, new_form, take_form
from tests.support.world import NOON

KEY = b"a session's token"
ORIGIN = "https://qupia.example"


class Spent(set[bytes]):
    def spend(self, number: bytes) -> bool:
        is_new = number not in self
        self.add(number)
        return is_new


def take(form_id: str, *, key: bytes = KEY, now: int = NOON, spent: Spent | None = None) -> Sent:
    spent = Spent() if spent is None else spent
    sent = take_form(key, form_id, now=now, spend=spent.spend)
    assert is_form_of(key, form_id, now=now) == (sent is not Sent.FOREIGN)
    return sent


def changed(form_id: str, at: int) -> str:
    data = bytearray(b64url_decode(form_id))
    data[at] ^= 1
    return b64url_encode(bytes(data))


def test_a_form_counts_once() -> None:
    spent, form = Spent(), new_form(KEY, NOON)
    assert [take(form, spent=spent) for _ in range(3)] == [Sent.NEW, Sent.REPEATED, Sent.REPEATED]
    assert take(new_form(KEY, NOON), spent=spent) is Sent.NEW


@pytest.mark.parametrize(
    "form_id", ["", "x", "AAAA", "форма", "\x00", "=" * 75, "A" * 74, "A" * 75, "A" * 10_000]
)
def test_what_is_no_form_is_foreign(form_id: str) -> None:
    assert take(form_id) is Sent.FOREIGN


def test_a_form_that_was_changed_anywhere_is_foreign() -> None:
    form = new_form(KEY, NOON)
    size = len(b64url_decode(form))
    assert {take(changed(form, at)) for at in range(size)} == {Sent.FOREIGN}
    assert take(b64url_encode(b64url_decode(form)[:-1])) is Sent.FOREIGN
    assert take(b64url_encode(b64url_decode(form) + b"\x00")) is Sent.FOREIGN


def test_a_form_of_somebody_else_is_foreign_and_not_spent() -> None:
    spent, form = Spent(), new_form(KEY, NOON)
    assert take(form, key=b"another session's", spent=spent) is Sent.FOREIGN
    assert not spent
    assert take(form, spent=spent) is Sent.NEW


@pytest.mark.parametrize(
    ("later", "sent"),
    [
        (FORM_LIFE - 1, Sent.NEW),
        (FORM_LIFE, Sent.FOREIGN),
        (1 - FORM_LIFE, Sent.NEW),
        (-FORM_LIFE, Sent.FOREIGN),
    ],
)
def test_a_form_ends_and_a_clock_that_is_set_back_ends_it_too(later: int, sent: Sent) -> None:
    assert take(new_form(KEY, NOON), now=NOON + later) is sent


# Where a form comes from


def request(method: str, *headers: tuple[str, str]) -> Request:
    named = [(name.encode(), value.encode()) for name, value in headers]
    return Request({"type": "http", "method": method, "headers": named})


def said(origin: str | None, site: str | None) -> list[tuple[str, str]]:
    both = [("origin", origin), ("sec-fetch-site", site)]
    return [(name, value) for name, value in both if value is not None]


@pytest.mark.parametrize(
    ("origin", "site"), [(ORIGIN, "same-origin"), (ORIGIN, None), (None, "same-origin")]
)
def test_a_form_of_our_own_page_is_from_here(origin: str | None, site: str | None) -> None:
    assert is_from_here(request("POST", *said(origin, site)), ORIGIN)


@pytest.mark.parametrize(
    "origin",
    ["null", "", "https://evil.example", "http://qupia.example", f"{ORIGIN}:8443", f"{ORIGIN}.net"],
)
@pytest.mark.parametrize("site", [None, "same-origin"])
def test_a_form_of_a_foreign_origin_is_not_whatever_else_is_said(
    origin: str, site: str | None
) -> None:
    assert not is_from_here(request("POST", *said(origin, site)), ORIGIN)


@pytest.mark.parametrize("site", ["cross-site", "same-site", "none", "", "Same-Origin"])
@pytest.mark.parametrize("origin", [None, ORIGIN])
def test_a_form_of_a_foreign_site_is_not_whatever_else_is_said(
    origin: str | None, site: str
) -> None:
    assert not is_from_here(request("POST", *said(origin, site)), ORIGIN)


def test_a_form_that_says_nothing_or_two_things_is_not() -> None:
    ours = said(ORIGIN, "same-origin")
    assert not is_from_here(request("POST"), ORIGIN)
    for one in (*ours, ("origin", "null"), ("sec-fetch-site", "cross-site")):
        assert not is_from_here(request("POST", *ours, one), ORIGIN)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_only_what_changes_nothing_can_be_opened_from_anywhere(method: str) -> None:
    opened = [("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate")]
    assert is_from_here(request("GET", *opened), ORIGIN)
    assert not is_from_here(request(method, *opened), ORIGIN)


@pytest.mark.parametrize("site", ["cross-site", "same-site", ""])
def test_other_pages_can_fetch_nothing(site: str) -> None:
    assert not is_from_here(request("GET", *said(None, site)), ORIGIN)
    assert is_from_here(request("GET", *said(None, "none")), ORIGIN)
    assert is_from_here(request("GET"), ORIGIN)
