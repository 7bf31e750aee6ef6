"""Root statements from the command line: asked for, signed root by root, taken, replaced."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization

from issuer.authority import Authority
from issuer.home import Home
from issuer.keys.keyring import SigningKey
from issuer.keys.roots import add_signature, load_chain, sign_statement
from schemas.jws import Typ
from schemas.root_statements import encode_payload, parse_signed
from schemas.trust import TrustState, TrustWarning, accept_bundle
from tests.support.commands import Run
from tests.support.issuer_commands import root_of
from tests.support.issuers import NOON, URL, Service
from tests.support.logs import MemoryWitness

REPLACED = "this is not the next statement; run: qupia-issuer keys request"


@pytest.fixture
def roots(tmp_path: Path) -> list[Path]:
    """Three root keys, each where it is kept."""
    paths = [tmp_path / f"root-{number}.pem" for number in (1, 2, 3)]
    for path in paths:
        SigningKey.generate(Typ.ROOT).create(path)
    return paths


def public_half(path: Path) -> Path:
    key = SigningKey.load(path, Typ.ROOT).private.public_key()
    place = path.with_suffix(".pub")
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    place.write_bytes(key.public_bytes(serialization.Encoding.PEM, form))
    return place


def public_words(roots: Sequence[Path], option: str = "--root-public") -> list[str | Path]:
    return [word for root in roots for word in (option, public_half(root))]


@pytest.fixture
def home(command: Run, roots: list[Path], tmp_path: Path) -> Path:
    """A home whose three roots are elsewhere; two of them must sign."""
    place = tmp_path / "home"
    words = ("init", "--name", "T", "--url", URL, "--hint", "none", "--home", place)
    assert command(*words, *public_words(roots)).status == 0
    return place


class Office:
    """What is carried between the issuer and the machines of the roots."""

    def __init__(self, command: Run, home: Path, folder: Path) -> None:
        self.command, self.home, self.folder = command, home, folder
        self._files = 0

    def new(self) -> Path:
        self._files += 1
        return self.folder / f"request-{self._files}.json"

    def request(self, *words: str | Path) -> Path:
        out = self.new()
        done = self.command("keys", "request", "--out", out, *words, "--home", self.home)
        assert done.status == 0, done
        return out

    def sign(self, request: Path, *roots: Path) -> Path:
        for root in roots:
            out = self.new()
            done = self.command("keys", "sign", request, "--root", root, "--out", out)
            assert done.status == 0, done
            request = out
        return request

    def take(self, signed: Path) -> dict[str, Any]:
        return self.command("keys", "take", signed, "--home", self.home, "--json").members

    def refusal(self, signed: Path) -> str:
        before = (self.home / "delegations.json").read_bytes()
        refused = self.command("keys", "take", signed, "--home", self.home)
        assert refused.status == 1
        assert (self.home / "delegations.json").read_bytes() == before
        return refused.error


@pytest.fixture
def office(command: Run, home: Path, tmp_path: Path) -> Office:
    return Office(command, home, tmp_path)


@pytest.fixture
def begun(office: Office, home: Path, roots: list[Path]) -> Office:
    """The first statement is signed by two roots and in force."""
    office.take(office.sign(home / "FIRST-STATEMENT.json", *roots[:2]))
    return office


# The first statement


def test_nothing_is_published_before_the_roots_have_signed(command: Run, home: Path) -> None:
    line = (
        f"the roots have not signed yet; take {home / 'FIRST-STATEMENT.json'} to them "
        "(qupia-issuer keys sign), then run: qupia-issuer keys take SIGNED"
    )
    for words in (("bundle",), ("keys", "make"), ("policy", "check"), ("serve",)):
        outcome = command(*words, "--home", home)
        assert (outcome.status, outcome.error) == (2, line)
    assert not (home / "bundle.jws").exists()


def test_two_of_three_roots_begin_the_issuer_and_clients_believe_its_bundle(
    office: Office, home: Path, roots: list[Path]
) -> None:
    signed = office.sign(home / "FIRST-STATEMENT.json", roots[2], roots[0])
    taken = office.take(signed)
    assert not (home / "FIRST-STATEMENT.json").exists()
    authority = Authority.open(Home(home))
    published = authority.published()
    authority.store.close()
    assert published is not None
    accepted = accept_bundle(published.data, state=TrustState(anchor=taken["root"]), now=NOON)
    assert accepted.state.root_version == 1
    assert accepted.warnings == ()


def test_one_of_three_roots_begins_nothing(
    command: Run, office: Office, home: Path, roots: list[Path]
) -> None:
    signed = office.sign(home / "FIRST-STATEMENT.json", roots[0])
    refused = command("keys", "take", signed, "--home", home)
    assert refused.status == 1
    assert refused.error.startswith("not enough roots have signed it")
    assert not (home / "delegations.json").exists()


def test_a_private_key_is_not_given_as_public(
    command: Run, roots: list[Path], tmp_path: Path
) -> None:
    words = ("init", "--name", "T", "--url", URL, "--home", tmp_path / "other")
    refused = command(*words, "--root-public", roots[0])
    assert refused.status == 2
    assert "is a private key, which stays where it was made" in refused.error
    assert not (tmp_path / "other").exists()


def test_root_keys_are_made_or_given_and_not_both(
    command: Run, roots: list[Path], tmp_path: Path
) -> None:
    words = ("init", "--name", "T", "--url", URL, "--home", tmp_path / "other", "--roots", "2")
    refused = command(*words, *public_words(roots))
    assert refused.error == "give --roots or --root-public, not both"


# Further statements


def test_a_request_goes_from_root_to_root(begun: Office, roots: list[Path]) -> None:
    request = begun.request()
    shown = begun.command("keys", "sign", request, "--root", roots[0], "--out", begun.new(),
                          "--json").members  # fmt: skip
    assert (shown["version"], shown["threshold"], shown["missing"]) == (2, 2, 1)
    assert len(shown["roots"]) == 3
    taken = begun.take(begun.sign(request, roots[1], roots[2]))
    assert taken["signer"] == shown["signer"]
    assert load_chain(Home(begun.home)).last.version == 2


def test_the_same_root_does_not_sign_twice(begun: Office, roots: list[Path]) -> None:
    once = begun.sign(begun.request(), roots[0])
    again = begun.command("keys", "sign", once, "--root", roots[0], "--out", begun.new())
    assert again.error == "this root has signed already; take the file to another root"
    doubled = json.loads(once.read_bytes())
    key = SigningKey.load(roots[0], Typ.ROOT)
    doubled["statement"] = add_signature(doubled["statement"], key)
    once.write_text(json.dumps(doubled))
    assert begun.refusal(once).startswith("not enough roots have signed it")


def test_another_root_may_not_sign(begun: Office, tmp_path: Path) -> None:
    SigningKey.generate(Typ.ROOT).create(tmp_path / "other.pem")
    request = begun.request()
    refused = begun.command(
        "keys", "sign", request, "--root", tmp_path / "other.pem", "--out", begun.new()
    )
    assert refused.error == "this root may not sign for that issuer; give the right ROOT.pem"
    assert begun.refusal(request).startswith("no root of this issuer has signed it")


def changed(signed: Path, roots: Sequence[Path], **members: Any) -> Path:
    """The same request under the right signatures, with other members."""
    request = json.loads(signed.read_bytes())
    payload = json.loads(parse_signed(request["statement"]).statement.payload) | members
    keys = [SigningKey.load(root, Typ.ROOT) for root in roots]
    request["statement"] = sign_statement(encode_payload(payload), keys)
    signed.write_text(json.dumps(request))
    return signed


@pytest.mark.parametrize(
    ("members", "line"),
    [
        ({"version": 3}, REPLACED),
        ({"version": 1}, REPLACED),
        ({"sunset": 9_000_000_000}, "it changes what no statement may"),
        ({"threshold": 4}, "this is no root statement"),
        ({"signers": []}, "it names a key that this issuer has not asked for"),
    ],
    ids=["version ahead", "version again", "later sunset", "threshold", "no signer"],
)
def test_what_no_statement_may_say_changes_nothing(
    begun: Office, roots: list[Path], members: dict[str, Any], line: str
) -> None:
    assert begun.refusal(changed(begun.request(), roots[:2], **members)).startswith(line)


def test_a_changed_file_is_refused(begun: Office, roots: list[Path]) -> None:
    signed = begun.sign(begun.request(), *roots[:2])
    request = json.loads(signed.read_bytes())
    payload = parse_signed(request["statement"]).statement.payload.replace(
        b'"quorum":0', b'"quorum":0 '
    )
    request["statement"] |= sign_statement(payload, []) | {
        "signatures": request["statement"]["signatures"]
    }
    signed.write_text(json.dumps(request))
    assert begun.refusal(signed).startswith("no root of this issuer has signed it")
    signed.write_bytes(signed.read_bytes()[:-20])
    assert begun.refusal(signed).startswith("this is no root statement")


def test_line_ends_of_another_system_change_nothing(begun: Office, roots: list[Path]) -> None:
    request = begun.request()
    request.write_bytes(request.read_bytes().replace(b"\n", b"\r\n"))
    signed = begun.sign(request, *roots[:2])
    signed.write_bytes(signed.read_bytes().replace(b"\n", b"\r\n") + b"\r\n")
    begun.take(signed)
    assert load_chain(Home(begun.home)).last.version == 2


def test_fewer_roots_than_must_sign_are_told_the_way(begun: Office, roots: list[Path]) -> None:
    words = ("keys", "delegate", "--root", roots[0], "--home", begun.home)
    refused = begun.command(*words)
    assert refused.status == 2
    assert refused.error.startswith("1 root keys are not enough: 2 must sign")
    assert "qupia-issuer keys request --out FILE, then keys sign" in refused.error
    assert begun.command(*words, "--root", roots[1]).status == 0


def test_the_roots_are_replaced_by_those_before_and_their_own(
    begun: Office, roots: list[Path], tmp_path: Path
) -> None:
    new = [tmp_path / f"new-{number}.pem" for number in (1, 2)]
    for path in new:
        SigningKey.generate(Typ.ROOT).create(path)
    request = begun.request(*public_words(new, "--new-root"), "--threshold", "2")
    assert begun.refusal(begun.sign(request, *roots[:2])).startswith("not enough roots")
    before = load_chain(Home(begun.home)).anchor
    begun.take(begun.sign(request, *roots[:2], *new))
    chain = load_chain(Home(begun.home))
    assert (len(chain.last.roots), chain.anchor == before) == (2, False)


# Witnesses


def witness_word(name: str) -> str:
    return f"{MemoryWitness(name).vkey.text}@https://{name}"


def test_witnesses_are_named_and_taken_away(at_home: Run, issuer: Service) -> None:
    delegate = ("keys", "delegate", "--root", root_of(issuer))
    named = ("--witness", witness_word("w.example"), "--witness", witness_word("v.example"))
    assert at_home(*delegate, *named).status == 0
    last = issuer.authority.chain.last
    assert [one.url for one in last.witnesses] == ["https://w.example", "https://v.example"]
    assert last.quorum == 0
    assert at_home(*delegate, "--witness", "none").status == 0
    assert issuer.authority.chain.last.witnesses == ()


def test_a_bundle_that_waits_for_witnesses_is_told_of(at_home: Run, issuer: Service) -> None:
    before = issuer.home.bundle.read_bytes()
    witness = witness_word("w.example").partition("@")[0] + "@http://127.0.0.1:1"
    words = ("--root", root_of(issuer), "--witness", witness, "--quorum", "1")
    told = at_home("keys", "delegate", *words)
    assert told.status == 0
    assert told.warnings[-1] == (
        "too few witnesses have signed the next bundle, so it is not out; serve asks them "
        "again and again"
    )
    assert issuer.home.bundle.read_bytes() == before


def test_a_root_key_that_others_can_read_is_warned_of(at_home: Run, issuer: Service) -> None:
    root = root_of(issuer)
    root.chmod(0o644)
    for words in (("keys", "delegate"), ("keys", "replace-all")):
        assert any("others can read" in line for line in at_home(*words, "--root", root).warnings)


def test_a_quorum_of_all_witnesses_is_warned_of(at_home: Run, issuer: Service) -> None:
    words = ("--witness", witness_word("w.example"), "--quorum", "1")
    told = at_home("keys", "request", "--out", issuer.home.path.with_name("r.json"), *words)
    assert told.warnings == [
        "every witness must sign each bundle: if one of them is down, no bundle comes out"
    ]


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["--quorum", "1"], "--quorum is from 0 to 0, the number of witnesses"),
        (["--threshold", "2"], "--threshold is from 1 to 1, the number of roots"),
        (["--threshold", "0"], "--threshold is from 1 to 1, the number of roots"),
        (["--witness", "w.example"], "--witness is the witness's key and address"),
    ],
)
def test_impossible_statements_are_one_line(
    at_home: Run, issuer: Service, words: list[str], line: str
) -> None:
    refused = at_home("keys", "delegate", "--root", root_of(issuer), *words)
    assert (refused.status, refused.error.startswith(line)) == (2, True), refused
    assert issuer.authority.chain.last.version == 1


# Every key anew


def private_keys(home: Home) -> dict[str, bytes]:
    paths = [*home.keys.glob("*.pem"), *home.pass_keys.glob("*.pem"), home.reference_key]
    return {path.name: path.read_bytes() for path in paths}


@pytest.mark.parametrize("reference", [False, True])
def test_all_keys_are_replaced_and_the_costs_are_said(
    at_home: Run, issuer: Service, reference: bool
) -> None:
    before, wallet = private_keys(issuer.home), issuer.activated()
    words = ["--reference-key"] if reference else []
    told = at_home("keys", "replace-all", "--root", root_of(issuer), *words)
    assert told.status == 0
    assert any("everybody needs a new code" in line for line in told.warnings)
    assert any("withdrawals in force are lost" in line for line in told.warnings) is reference
    after = private_keys(issuer.home)
    kept = set(before.values()) & set(after.values())
    assert kept == (set() if reference else {before["reference.key"]})
    assert "log-1.pem" not in after and "log-2.pem" in after
    issuer.reopen()
    assert wallet.me().status == 401


def test_a_client_follows_a_replacement_without_a_warning(at_home: Run, issuer: Service) -> None:
    held = issuer.authority.published()
    assert held is not None
    state = accept_bundle(held.data, state=TrustState(anchor=issuer.authority.anchor), now=NOON)
    assert at_home("keys", "replace-all", "--root", root_of(issuer)).status == 0
    published = issuer.authority.published()
    assert published is not None
    after = accept_bundle(published.data, state=state.state, now=NOON, held=held.data)
    assert TrustWarning.LOG_REPLACED not in after.warnings
    assert after.bundle.retired.keys() >= held.bundle.by_id.keys()
    assert not after.bundle.by_id.keys() & held.bundle.by_id.keys()


def test_all_keys_are_replaced_with_roots_elsewhere(begun: Office, roots: list[Path]) -> None:
    home, out = Home(begun.home), begun.new()
    before = private_keys(home)
    words = ("keys", "replace-all", "--out", out, "--home", begun.home)
    assert begun.command(*words).status == 0
    assert before.items() <= private_keys(home).items()
    begun.take(begun.sign(out, *roots[1:]))
    after = private_keys(home)
    assert set(before.values()) & set(after.values()) == {before["reference.key"]}


def test_too_few_roots_replace_nothing(begun: Office, roots: list[Path]) -> None:
    before = private_keys(Home(begun.home))
    refused = begun.command("keys", "replace-all", "--root", roots[0], "--home", begun.home)
    assert refused.error.startswith("1 root keys are not enough")
    after = private_keys(Home(begun.home))
    assert before.items() <= after.items()


def test_a_replacement_needs_roots_or_a_file(at_home: Run, issuer: Service) -> None:
    line = "give --root for each root at hand, or --out for roots elsewhere"
    assert at_home("keys", "replace-all").error == line
