"""``init``: all is checked first, nothing of anyone else is touched, and all of it is private."""

import os
import stat
from pathlib import Path
from typing import Any

import pytest

from issuer import init
from issuer.authority import Authority
from issuer.home import Config, Home
from issuer.init import Founded, RootChoice, init_issuer, parse_sunset
from issuer.keys.keyring import SigningKey
from issuer.keys.roots import load_chain, load_delegations
from issuer.perishable.store import Store
from schemas.encoding import parse_time
from schemas.hints import HintForm
from schemas.jws import Typ
from schemas.kinds import DAY
from shell.errors import CommandError
from tests.support.issuers import NOON, Service, pool_keys

LAYOUT = {
    "ROOT.pem",
    "delegations.json",
    "issuer.json",
    "keys",
    "log",
    "no-backup",
    "pass-keys",
    "policy.toml",
    "staff.db",
}


def found(path: Path, **changes: Any) -> Founded:
    given: dict[str, Any] = {
        "name": "Ministry of Health",
        "url": "https://qupia.example",
        "hint": HintForm.NONE,
        "sunset": None,
        "specimen": False,
        "roots": RootChoice(),
        "now": NOON,
    }
    return init_issuer(path, **given | changes)


def refusal(path: Path, **changes: Any) -> str:
    with pytest.raises(CommandError) as caught:
        found(path, **changes)
    assert "\n" not in caught.value.message
    assert caught.value.exit_code == 2
    return caught.value.message


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "issuer")


# What is there afterwards


def test_a_new_home_holds_what_it_should_and_nothing_else(home: Home) -> None:
    found(home.path)
    assert {path.name for path in home.path.iterdir()} == LAYOUT
    keys = {path.name for path in home.keys.iterdir()}
    (signer,) = load_chain(home).last.signers
    assert keys == {
        "entitlement.pem",
        "log-1.pem",
        "notices.pem",
        "retention.pem",
        f"signer-{signer}.pem",
    }
    assert list(home.pass_keys.iterdir()) == []
    assert len(home.reference_key.read_bytes()) == 32


def test_every_file_and_folder_is_its_owners_alone(home: Home) -> None:
    before = os.umask(0)
    try:
        with pool_keys():
            service = Service.found(home.path)
        service.activated().fetch()
        service.close()
    finally:
        os.umask(before)
    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in (home.path, *home.path.rglob("*"))}
    assert {mode for path, mode in modes.items() if path.is_dir()} == {0o700}
    assert {mode for path, mode in modes.items() if path.is_file()} == {0o600}
    assert len(modes) > 20


def test_what_must_be_able_to_die_is_marked_for_backups(home: Home) -> None:
    found(home.path)
    tagged = {path.parent.name for path in home.path.rglob("CACHEDIR.TAG")}
    assert tagged == {"no-backup", "store", "day-keys"}
    assert home.reference_key.parent == home.perishable


def test_the_root_delegates_a_signer_for_35_days(home: Home) -> None:
    made = found(home.path)
    root = SigningKey.load(home.root_key, Typ.ROOT)
    chain = load_chain(home)
    statement = chain.last
    assert made.anchor == chain.anchor == statement.anchor
    assert (statement.version, statement.threshold) == (1, 1)
    assert list(statement.roots) == [root.thumbprint]
    (signer,) = statement.signers.values()
    assert (signer["nbf"], signer["exp"]) == (NOON, NOON + 35 * DAY)
    assert len(load_delegations(home)) == 1


@pytest.mark.parametrize("hint", list(HintForm))
@pytest.mark.parametrize("specimen", [True, False])
def test_what_was_chosen_is_fixed(home: Home, hint: HintForm, specimen: bool) -> None:
    made = found(home.path, hint=hint, specimen=specimen, sunset="2026-06-01").config
    assert Config.load(home) == made
    assert (made.hint, made.specimen, made.batch_size) == (hint, specimen, 8)


def test_the_name_stands_in_the_policy_in_all_languages(home: Home) -> None:
    found(home.path, name='  "Денсаулық"  министрлігі \\ ')
    authority = Authority.open(home)
    assert set(authority.policy.name.values()) == {'"Денсаулық" министрлігі \\'}
    authority.store.close()


def test_two_issuers_have_no_key_in_common(tmp_path: Path) -> None:
    one, other = Home(tmp_path / "one"), Home(tmp_path / "other")
    assert found(one.path).anchor != found(other.path).anchor
    assert one.reference_key.read_bytes() != other.reference_key.read_bytes()


# Wrong arguments leave nothing behind


@pytest.mark.parametrize("name", ["", " \n ", "x" * 201, "\x1b[2J", "a\0b"])
def test_a_wrong_name_is_refused(home: Home, name: str) -> None:
    assert refusal(home.path, name=name) == "give a name of 1 to 200 printable characters"
    assert not home.path.exists()


@pytest.mark.parametrize(
    "url",
    [
        "",
        "qupia.example",
        "ftp://qupia.example",
        "http://qupia.example",
        "https://qupia.example/path",
        "https://qupia.example/?a=b",
        "https://qupia.example/#a",
        "https://user@qupia.example",
        "https://",
        "https://құпия.example",
        "https://qupia.example:99999",
        "https://qupia.example:port",
        "https://[::1",
        "https://qupia .example",
        'https://qupia".example',
        "https://qupia<.example",
        "https://-qupia.example-",
        f"https://{'q' * 254}",
    ],
)
def test_a_wrong_url_is_refused(home: Home, url: str) -> None:
    assert refusal(home.path, url=url).startswith("--url: ")
    assert not home.path.exists()


def test_a_host_of_over_100_characters_is_refused(home: Home) -> None:
    message = "--url: the URL has at most 100 characters after https://"
    assert refusal(home.path, url=f"https://{'a' * 101}") == message


@pytest.mark.parametrize(
    ("url", "origin", "token_issuer"),
    [
        ("https://Qupia.Example/", "https://qupia.example", "qupia.example"),
        ("https://qupia.example:443", "https://qupia.example", "qupia.example"),
        ("https://qupia.example:8443", "https://qupia.example:8443", "qupia.example:8443"),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000", "127.0.0.1:8000"),
        ("http://[::1]:8000", "http://[::1]:8000", "[::1]:8000"),
        ("http://localhost", "http://localhost", "localhost"),
    ],
)
def test_a_url_has_one_form(home: Home, url: str, origin: str, token_issuer: str) -> None:
    config = found(home.path, url=url).config
    assert (config.url, config.token_issuer) == (origin, token_issuer)


@pytest.mark.parametrize(
    "sunset",
    ["", "tomorrow", "2026-13-01", "2026-02-30", "26-06-01", "2026-6-1", "2026-06-01T00:00Z"],
)
def test_a_sunset_that_is_no_date_is_refused(home: Home, sunset: str) -> None:
    assert refusal(home.path, sunset=sunset) == "the sunset is a date: YYYY-MM-DD"
    assert not home.path.exists()


@pytest.mark.parametrize("sunset", ["2026-03-17", "2020-01-01"])
def test_a_sunset_that_is_not_in_the_future_is_refused(home: Home, sunset: str) -> None:
    assert refusal(home.path, sunset=sunset) == "the sunset is a day in the future"


def test_a_sunset_may_lie_far_ahead(home: Home) -> None:
    made = found(home.path, sunset="9998-12-31")
    assert made.sunset == load_chain(home).last.sunset == parse_time("9998-12-30T19:00:00Z")


def test_the_sunset_is_local_midnight() -> None:
    assert parse_sunset("2026-03-18", "Asia/Almaty", NOON) == parse_time("2026-03-17T19:00:00Z")
    assert parse_sunset(None, "Asia/Almaty", NOON) == parse_time("2026-09-12T19:00:00Z")
    assert parse_sunset(None, "Europe/Berlin", NOON) == parse_time("2026-09-12T22:00:00Z")


# A folder that is there


def test_a_home_is_founded_once(home: Home) -> None:
    found(home.path)
    before = {path: path.read_bytes() for path in home.path.rglob("*") if path.is_file()}
    assert refusal(home.path, name="Other") == (
        f"there is an issuer in {home.path} already; choose another --home"
    )
    assert {path: path.read_bytes() for path in home.path.rglob("*") if path.is_file()} == before


def test_an_empty_folder_becomes_a_private_home(home: Home) -> None:
    home.path.mkdir(mode=0o755)
    found(home.path)
    Authority.open(home).store.close()


@pytest.mark.parametrize(
    "name",
    ["photo.jpg", ".hidden", "policy.toml", "ROOT.pem", "keys/server.pem", "no-backup/notes.txt"],
)
def test_a_folder_with_files_of_someone_else_is_left_alone(home: Home, name: str) -> None:
    file = home.path / name
    file.parent.mkdir(parents=True)
    file.write_text("precious")
    before = sorted(home.path.rglob("*"))
    assert refusal(home.path) == f"{home.path} is not empty; choose another --home"
    assert sorted(home.path.rglob("*")) == before
    assert file.read_text() == "precious"


def test_a_file_is_no_folder(home: Home) -> None:
    home.path.write_text("precious")
    assert refusal(home.path) == f"{home.path} is not empty; choose another --home"


def test_a_home_that_lost_its_configuration_is_not_founded_over(home: Home) -> None:
    with pool_keys():
        Service.found(home.path).close()
    home.config.unlink()
    assert refusal(home.path) == f"{home.path} is not empty; choose another --home"


STEPS = [
    "create_private",
    "create_service_keys",
    "create_log",
    "put_first_in_force",
    "Staff",
    "Store",
]


@pytest.mark.parametrize("step", STEPS)
def test_an_interrupted_init_can_be_run_again(
    home: Home, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    def stop(*_arguments: Any, **_more: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        target = Store if step == "Store" else init
        broken.setattr(target, "open" if step == "Store" else step, stop)
        with pytest.raises(KeyboardInterrupt):
            found(home.path)
    assert not home.config.exists()
    found(home.path)
    assert len(list(home.keys.iterdir())) == 5
    [root] = load_chain(home).last.roots
    assert SigningKey.load(home.root_key, Typ.ROOT).thumbprint == root
    Authority.open(home).store.close()


def test_an_init_that_was_killed_while_it_made_folders_can_be_run_again(home: Home) -> None:
    home.keys.mkdir(parents=True)
    home.perishable.mkdir()
    (home.perishable / ".CACHEDIR.TAG.17.0badcafe.draft").write_bytes(b"half")
    found(home.path)
    assert {path.name for path in home.path.iterdir()} == LAYOUT
    assert not list(home.path.rglob("*.draft"))


# Opening it


@pytest.mark.parametrize(
    "name",
    ["", "keys", "keys/entitlement.pem", "policy.toml", "no-backup/reference.key", "staff.db"],
)
@pytest.mark.parametrize("mode", [0o040, 0o004, 0o020, 0o001])
def test_a_home_that_others_can_reach_is_refused_with_the_command_that_mends_it(
    home: Home, name: str, mode: int
) -> None:
    found(home.path)
    path = home.path / name
    right = stat.S_IMODE(path.stat().st_mode)
    path.chmod(right | mode)
    with pytest.raises(CommandError) as caught:
        Authority.open(home)
    assert caught.value.message == f"others can read {path}; run: chmod {right:o} '{path}'"
    path.chmod(right)
    Authority.open(home).store.close()


def test_a_folder_without_an_issuer_says_how_to_begin(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"there is no issuer in .*; run: qupia-issuer init$"):
        Authority.open(Home(tmp_path / "nowhere"))


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        "{}",
        '{"format": 2}',
        '{"format": 2, "hint": "week"}',
        "null",
        '{"format": "2"}',
        "\xff",
    ],
)
def test_a_damaged_configuration_is_one_line(home: Home, content: str) -> None:
    found(home.path)
    home.config.write_text(content, encoding="latin-1")
    with pytest.raises(CommandError, match=r"restore it from a backup$|use the program that made"):
        Authority.open(home)


def test_a_home_of_a_later_program_is_left_alone(home: Home) -> None:
    found(home.path)
    home.config.write_text(home.config.read_text().replace('"format": 2', '"format": 3'))
    with pytest.raises(CommandError) as caught:
        Authority.open(home)
    assert caught.value.message == (
        "the home has layout 3, this program knows 2; use the program that made it, or a later one"
    )


@pytest.mark.parametrize("name", ["keys/entitlement.pem", "no-backup/reference.key"])
@pytest.mark.parametrize("content", [None, b"", b"damaged"])
def test_a_missing_or_damaged_key_is_one_line_when_it_is_needed(
    home: Home, name: str, content: bytes | None
) -> None:
    found(home.path)
    if content is None:
        (home.path / name).unlink()
    else:
        (home.path / name).write_bytes(content)
    authority = Authority.open(home)
    with pytest.raises(CommandError, match=r"restore it from a backup|it is in no backup: see"):
        _ = authority.entitlement_key, authority.registrar
    authority.store.close()


@pytest.mark.parametrize("content", [b"", b"damaged", b"[]", b"{}", b"[{}]", b"\xff", b"[" * 9999])
def test_a_damaged_list_of_root_statements_is_one_line(home: Home, content: bytes) -> None:
    found(home.path)
    home.delegations.write_bytes(content)
    with pytest.raises(CommandError, match="is damaged; restore it from a backup or take it from"):
        load_chain(home)


# Several roots


def public_roots(number: int) -> tuple[dict[str, str], ...]:
    return tuple(SigningKey.generate(Typ.ROOT).jwk for _ in range(number))


@pytest.mark.parametrize(("number", "threshold"), [(1, 1), (2, 2), (3, 2), (4, 3), (5, 3)])
def test_over_half_of_the_roots_must_sign_by_default(
    home: Home, number: int, threshold: int
) -> None:
    found(home.path, roots=RootChoice(number))
    statement = load_chain(home).last
    assert (len(statement.roots), statement.threshold) == (number, threshold)


def test_several_roots_are_numbered_files_that_stay_until_they_are_moved(home: Home) -> None:
    found(home.path, roots=RootChoice(3))
    assert [path.name for path in home.root_keys()] == ["ROOT-1.pem", "ROOT-2.pem", "ROOT-3.pem"]
    there = {SigningKey.load(path, Typ.ROOT).thumbprint for path in home.root_keys()}
    assert there == set(load_chain(home).last.roots)


@pytest.mark.parametrize("threshold", [1, 2, 3])
def test_another_threshold_can_be_chosen(home: Home, threshold: int) -> None:
    found(home.path, roots=RootChoice(3, threshold=threshold))
    assert load_chain(home).last.threshold == threshold


@pytest.mark.parametrize(
    "roots",
    [
        RootChoice(0),
        RootChoice(-1),
        RootChoice(6),
        RootChoice(3, threshold=0),
        RootChoice(3, threshold=4),
        RootChoice(public=public_roots(6)),
        RootChoice(public=public_roots(2), threshold=3),
    ],
    ids=["none", "negative", "six", "nobody", "more than all", "six elsewhere", "three of two"],
)
def test_an_impossible_number_of_roots_makes_nothing(home: Home, roots: RootChoice) -> None:
    assert refusal(home.path, roots=roots) == (
        "there are 1 to 5 roots, all different, and --threshold is at most their number"
    )
    assert not home.path.exists()


def test_the_same_root_twice_makes_nothing(home: Home) -> None:
    [root] = public_roots(1)
    line = refusal(home.path, roots=RootChoice(public=(root, root)))
    assert line == "there are 1 to 5 roots, all different, and --threshold is at most their number"
    assert not home.path.exists()


def test_roots_elsewhere_leave_a_request_and_no_root_key(home: Home) -> None:
    made = found(home.path, roots=RootChoice(public=public_roots(3)))
    assert {path.name for path in home.path.iterdir()} == (
        LAYOUT - {"ROOT.pem", "delegations.json"} | {"FIRST-STATEMENT.json"}
    )
    assert made.request is not None
    assert made.request.encode() == home.first_request.read_bytes()
    assert (made.request.before, made.request.missing()) == (None, 2)
    assert made.anchor == made.request.signed.statement.anchor
