"""Signing keys on disk: root, signer and service keys (P-256), and the reference key.

Each key signs one ``typ``; its file is named for it. The root key is opened by the commands that
delegate, never by ``serve``.
"""

import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Self

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from issuer.home import Home
from schemas import jws
from schemas.jwk import jwk_from_key, thumbprint
from schemas.jws import Typ
from shell.errors import CommandError
from shell.files import create_private, destroy, read_given, read_private

REFERENCE_KEY_BYTES = 32
_PEM_LIMIT = 64_000
"""Bytes of a file in which a key may lie between other texts; the key has 240."""


@dataclass(frozen=True, repr=False)
class SigningKey:
    """A P-256 key and the one ``typ`` that it signs."""

    private: ec.EllipticCurvePrivateKey
    typ: Typ

    @classmethod
    def generate(cls, typ: Typ) -> Self:
        return cls(ec.generate_private_key(ec.SECP256R1()), typ)

    @classmethod
    def load(cls, path: Path, typ: Typ, *, at_home: bool = True) -> Self:
        """Raises CommandError when there is no P-256 key in the file.

        A key that is not ``at_home`` may lie on a USB stick whose files everybody can read.
        """
        try:
            data = read_private(path) if at_home else read_given(path, limit=_PEM_LIMIT)
            key = serialization.load_pem_private_key(data, password=None)
        except FileNotFoundError:
            raise CommandError(f"{path} is missing; restore it from a backup") from None
        except (ValueError, TypeError):
            raise CommandError(f"{path} holds no usable key; restore it from a backup") from None
        if not isinstance(key, ec.EllipticCurvePrivateKey) or key.curve.name != "secp256r1":
            raise CommandError(f"{path} holds no P-256 key; restore it from a backup")
        return cls(key, typ)

    @cached_property
    def jwk(self) -> dict[str, str]:
        return jwk_from_key(self.private.public_key())

    @cached_property
    def thumbprint(self) -> str:
        return thumbprint(self.jwk)

    def sign(self, payload: dict[str, Any]) -> str:
        return jws.sign(payload, typ=self.typ, key=self.private, kid=self.thumbprint)

    def sign_bytes(self, payload: bytes) -> str:
        """The same for a payload whose bytes are there already."""
        return jws.sign_bytes(payload, typ=self.typ, key=self.private, kid=self.thumbprint)

    def create_new(self, path: Path) -> None:
        """:meth:`create` for a person, who is told when the file is there already."""
        try:
            self.create(path)
        except FileExistsError:
            raise CommandError(f"{path} exists and is never overwritten; choose another") from None

    def create(self, path: Path) -> None:
        """Write the key to a new file; raises FileExistsError."""
        create_private(
            path,
            self.private.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            ),
        )


def entitlement_key_path(home: Home) -> Path:
    return home.keys / "entitlement.pem"


def statement_key_path(home: Home) -> Path:
    return home.keys / "retention.pem"


def notices_key_path(home: Home) -> Path:
    return home.keys / "notices.pem"


def signer_path(home: Home, signer: str) -> Path:
    return home.keys / f"signer-{signer}.pem"


def issuing_key_paths(home: Home) -> dict[Path, Typ]:
    """The keys that sign for this service by themselves, and what each of them signs."""
    return {
        entitlement_key_path(home): Typ.ENTITLEMENT,
        statement_key_path(home): Typ.RETENTION,
        notices_key_path(home): Typ.NOTICES,
    }


def create_issuing_keys(home: Home) -> None:
    """Make those of :func:`issuing_key_paths` that are missing."""
    for path, typ in issuing_key_paths(home).items():
        if not path.exists():
            SigningKey.generate(typ).create(path)


def create_service_keys(home: Home) -> None:
    """The issuing keys and the reference key of a new home."""
    create_issuing_keys(home)
    create_private(home.reference_key, os.urandom(REFERENCE_KEY_BYTES))


def load_notices_key(home: Home) -> SigningKey:
    """The key of the list of notices; raises CommandError."""
    return SigningKey.load(notices_key_path(home), Typ.NOTICES)


def load_reference_key(home: Home) -> bytes:
    """32 bytes; raises CommandError when the file is missing or damaged."""
    try:
        key = read_private(home.reference_key)
    except FileNotFoundError:
        key = b""
    if len(key) != REFERENCE_KEY_BYTES:
        raise CommandError(
            f"{home.reference_key} is missing or damaged; it is in no backup: see "
            "'Loss of the store' in docs/operating.md"
        )
    return key


def destroy_all_keys(home: Home) -> int:
    """At sunset: nothing can be signed and no rid made any more. How many keys there were."""
    paths = [*sorted(home.keys.glob("*.pem")), home.reference_key, *home.root_keys()]
    present = [path for path in paths if path.exists()]
    for path in present:
        destroy(path)
    return len(present)
