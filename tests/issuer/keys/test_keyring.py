"""Signing keys on disk: each in a private file, each for one type, all gone at the sunset."""

import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes

from issuer.home import Home
from issuer.keys.keyring import (
    SigningKey,
    create_issuing_keys,
    create_service_keys,
    destroy_all_keys,
    entitlement_key_path,
    load_notices_key,
    load_reference_key,
    statement_key_path,
)
from schemas import jws
from schemas.jws import Typ
from shell.errors import CommandError
from tests.support.keys import rsa_key


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path / "home")
    made.make()
    return made


def write_key(path: Path, key: PrivateKeyTypes) -> None:
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    path.chmod(0o600)


def test_a_key_that_was_written_is_read_again(tmp_path: Path) -> None:
    key = SigningKey.generate(Typ.ROOT)
    key.create(tmp_path / "key.pem")
    assert SigningKey.load(tmp_path / "key.pem", Typ.ROOT).thumbprint == key.thumbprint
    assert stat.S_IMODE((tmp_path / "key.pem").stat().st_mode) == 0o600


def test_a_key_never_overwrites_a_file(tmp_path: Path) -> None:
    SigningKey.generate(Typ.ROOT).create(tmp_path / "key.pem")
    before = (tmp_path / "key.pem").read_bytes()
    with pytest.raises(FileExistsError):
        SigningKey.generate(Typ.ROOT).create(tmp_path / "key.pem")
    assert (tmp_path / "key.pem").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["key.pem"]


@pytest.mark.parametrize("typ", list(Typ))
def test_a_key_signs_its_type_and_names_itself(typ: Typ) -> None:
    key = SigningKey.generate(typ)
    unverified = jws.parse(key.sign({"a": "құпия"}))
    assert unverified.unverified_header == {"alg": "ES256", "typ": typ, "kid": key.thumbprint}
    assert jws.verify(unverified, typ=typ, key=key.private.public_key()) == {"a": "құпия"}


def test_a_key_does_not_print_itself() -> None:
    assert "private" not in repr(SigningKey.generate(Typ.ROOT)).lower()


@pytest.mark.parametrize(
    "key",
    [ec.generate_private_key(ec.SECP384R1()), ec.generate_private_key(ec.SECP256K1()),
     ed25519.Ed25519PrivateKey.generate(), rsa_key(0).private_key],
    ids=["P-384", "secp256k1", "Ed25519", "RSA"],
)  # fmt: skip
def test_another_kind_of_key_is_refused(tmp_path: Path, key: PrivateKeyTypes) -> None:
    write_key(tmp_path / "key.pem", key)
    with pytest.raises(CommandError, match=r"key\.pem holds no P-256 key; restore it from"):
        SigningKey.load(tmp_path / "key.pem", Typ.TRUST)


def test_a_missing_key_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"key\.pem is missing; restore it from a backup"):
        SigningKey.load(tmp_path / "key.pem", Typ.TRUST)


def test_a_key_with_a_password_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    path.write_bytes(
        ec.generate_private_key(ec.SECP256R1()).private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"x"),
        )
    )
    path.chmod(0o600)
    with pytest.raises(CommandError, match=r"holds no usable key; restore it from a backup"):
        SigningKey.load(path, Typ.TRUST)


def test_a_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    SigningKey.generate(Typ.ROOT).create(tmp_path / "key.pem")
    (tmp_path / "key.pem").chmod(0o604)
    with pytest.raises(CommandError, match=r"others can read .*key\.pem; run: chmod 600"):
        SigningKey.load(tmp_path / "key.pem", Typ.ROOT)


def test_the_keys_of_a_home_are_all_different(home: Home) -> None:
    create_service_keys(home)
    entitlement = SigningKey.load(entitlement_key_path(home), Typ.ENTITLEMENT)
    statement = SigningKey.load(statement_key_path(home), Typ.RETENTION)
    notices = load_notices_key(home)
    assert len({key.thumbprint for key in (entitlement, statement, notices)}) == 3
    assert len(load_reference_key(home)) == 32


def test_the_keys_of_a_home_that_are_missing_are_made_and_no_other(home: Home) -> None:
    create_issuing_keys(home)
    notices = load_notices_key(home)
    assert notices.typ is Typ.NOTICES
    entitlement_key_path(home).unlink()
    create_issuing_keys(home)
    assert SigningKey.load(entitlement_key_path(home), Typ.ENTITLEMENT)
    assert load_notices_key(home).thumbprint == notices.thumbprint


@pytest.mark.parametrize("content", [None, b"", b"x" * 31, b"x" * 33])
def test_a_reference_key_of_another_length_is_no_key(home: Home, content: bytes | None) -> None:
    create_service_keys(home)
    home.reference_key.unlink()
    if content is not None:
        home.reference_key.write_bytes(content)
        home.reference_key.chmod(0o600)
    with pytest.raises(CommandError, match=r"reference\.key is missing or damaged; it is in no"):
        load_reference_key(home)


def test_all_keys_are_overwritten_and_gone_at_the_sunset(home: Home, tmp_path: Path) -> None:
    create_service_keys(home)
    SigningKey.generate(Typ.ROOT).create(home.root_key)
    copy = tmp_path / "another name"
    copy.hardlink_to(home.reference_key)
    before = copy.read_bytes()
    assert destroy_all_keys(home) == 5
    assert destroy_all_keys(home) == 0
    assert copy.read_bytes() != before
    assert list(home.path.rglob("*.pem")) == []


def test_a_root_key_on_a_stick_without_modes_can_be_used(tmp_path: Path) -> None:
    key = SigningKey.generate(Typ.ROOT)
    key.create(tmp_path / "ROOT.pem")
    (tmp_path / "ROOT.pem").chmod(0o755)
    loaded = SigningKey.load(tmp_path / "ROOT.pem", Typ.ROOT, at_home=False)
    assert loaded.thumbprint == key.thumbprint


def test_a_new_root_key_can_be_written_where_there_are_no_links(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_source: object, _target: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr("os.link", refuse)
    key = SigningKey.generate(Typ.ROOT)
    key.create(tmp_path / "NEW.pem")
    assert SigningKey.load(tmp_path / "NEW.pem", Typ.ROOT).thumbprint == key.thumbprint
    with pytest.raises(FileExistsError):
        key.create(tmp_path / "NEW.pem")
    assert [path.name for path in tmp_path.iterdir()] == ["NEW.pem"]
