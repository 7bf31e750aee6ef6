import pytest

from schemas.origins import host_of, parse_origin


@pytest.mark.parametrize(
    ("text", "origin"),
    [
        ("https://qupia.example", "https://qupia.example"),
        ("https://Qupia.Example/", "https://qupia.example"),
        (" https://qupia.example:443 ", "https://qupia.example"),
        ("https://qupia.example:8443", "https://qupia.example:8443"),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000"),
        ("http://localhost:80", "http://localhost"),
        ("http://[::1]:8000", "http://[::1]:8000"),
        (f"https://{'a' * 100}:443", f"https://{'a' * 100}"),
    ],
)
def test_an_origin_has_one_form(text: str, origin: str) -> None:
    assert parse_origin(text) == origin


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("http://qupia.example", "http is for this machine only"),
        ("http://127.0.0.1.example", "http is for this machine only"),
        ("https://qupia.example/path", "no path"),
        ("https://qupia.example/?a", "no path"),
        ("https://qupia.example/#a", "no path"),
        ("https://user@qupia.example", "and no user"),
        ("ftp://qupia.example", "a URL looks like"),
        ("qupia.example", "a URL looks like"),
        ("https://", "a URL looks like"),
        ("https://құпия.example", "a URL looks like"),
        ("https://qupia.example:port", "a URL looks like"),
        ("https://[::1", "a URL looks like"),
        ("", "a URL looks like"),
        (f"https://{'a' * 101}", "at most 100 characters after https://"),
        (f"https://{'a' * 97}:8443", "at most 100 characters after https://"),
    ],
)
def test_an_address_that_is_no_origin_is_refused(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parse_origin(text)


def test_the_host_is_the_token_issuer() -> None:
    assert host_of("http://127.0.0.1:8000") == "127.0.0.1:8000"
