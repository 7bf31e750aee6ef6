"""Signed notes: a text, and lines in which named keys sign it (C2SP signed-note).

Two kinds of signature are known: Ed25519 over the text, and cosignature/v1, with which a witness
says when it saw a checkpoint (C2SP tlog-cosignature).
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from schemas.encoding import b64_decode, b64_encode
from schemas.errors import QupiaError
from schemas.log.ed25519 import is_signed, is_sound_key

SIGNATURES_LIMIT = 16
"""Signature lines of a note; more are refused."""

_DASH = "— "
_ID_BYTES = 4
_TIME_BYTES = 8
_LATEST_TIME = 2**63 - 1

_NAME = re.compile(r"[^+\x00-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+")
"""No plus sign and no space of Unicode, listed so that it does not hang on a version of it."""

_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")


class WrongSignature(QupiaError, ValueError):
    """A key that is known did not sign the text, though a line with its name says so."""


class KeyType(IntEnum):
    """The byte before a public key, which says what its signatures are."""

    ED25519 = 0x01
    COSIGNATURE = 0x04


@dataclass(frozen=True)
class VerifierKey:
    """A name, what it signs, and an Ed25519 public key of 32 bytes."""

    name: str
    type: KeyType
    public: bytes

    @property
    def id(self) -> bytes:
        """Four bytes that stand before each signature."""
        return sha256(self.name.encode() + b"\n" + self._material).digest()[:_ID_BYTES]

    @property
    def text(self) -> str:
        """The verifier key as text: name, id in hex, type and key in base64."""
        return f"{self.name}+{self.id.hex()}+{b64_encode(self._material)}"

    @property
    def _material(self) -> bytes:
        return bytes((self.type,)) + self.public


@dataclass(frozen=True)
class Signature:
    """One line below a note: whose it is said to be, and what follows the four bytes."""

    name: str
    id: bytes
    signature: bytes

    @property
    def line(self) -> str:
        """The line, with its end."""
        return f"{_DASH}{self.name} {b64_encode(self.id + self.signature)}\n"


@dataclass(frozen=True)
class Note:
    """``text`` ends in a newline; it says nothing until a known key has signed it."""

    text: str
    signatures: tuple[Signature, ...]

    @property
    def whole(self) -> str:
        """Text and lines as they are carried."""
        return self.text + "\n" + "".join(signature.line for signature in self.signatures)


def parse_vkey(text: str, *, type: KeyType) -> VerifierKey:
    """A verifier key of this type in its one form; raises ValueError."""
    parts = text.split("+", 2)
    if len(parts) != 3 or not _NAME.fullmatch(parts[0]):
        raise ValueError("not a verifier key")
    material = b64_decode(parts[2])
    if material[:1] != bytes((type,)) or not is_sound_key(material[1:]):
        raise ValueError("not a verifier key of this type")
    key = VerifierKey(parts[0], type, material[1:])
    if key.text != text:
        raise ValueError("the id of the verifier key is not that of its key")
    return key


def vkey_of(key: Ed25519PrivateKey, *, name: str, type: KeyType) -> VerifierKey:
    """The verifier key of a private one."""
    return VerifierKey(name, type, key.public_key().public_bytes_raw())


def parse_note(text: str) -> Note:
    """Cut a note at its last empty line; raises ValueError for a note of another form."""
    body, separator, below = text.rpartition("\n\n")
    if not separator or not below.endswith("\n") or _CONTROL.search(text):
        raise ValueError("not a signed note")
    text.encode("utf-8")
    lines = below[:-1].split("\n")
    if len(lines) > SIGNATURES_LIMIT:
        raise ValueError("a note with too many signatures")
    return Note(body + "\n", tuple(parse_signature(line) for line in lines))


def parse_signature(line: str) -> Signature:
    """A signature line without its end; raises ValueError for a line of another form."""
    name, _, encoded = line.removeprefix(_DASH).partition(" ")
    if not line.startswith(_DASH) or not _NAME.fullmatch(name):
        raise ValueError("not a signature line")
    data = b64_decode(encoded)
    if len(data) <= _ID_BYTES:
        raise ValueError("not a signature line")
    return Signature(name, data[:_ID_BYTES], data[_ID_BYTES:])


def sign_note(text: str, *, name: str, key: Ed25519PrivateKey) -> Signature:
    """Sign a text that ends in a newline."""
    vkey = vkey_of(key, name=name, type=KeyType.ED25519)
    return Signature(name, vkey.id, key.sign(text.encode()))


def cosign(text: str, *, name: str, key: Ed25519PrivateKey, at: int) -> Signature:
    """Sign the text of a checkpoint as a witness at ``at``, Unix seconds."""
    vkey = vkey_of(key, name=name, type=KeyType.COSIGNATURE)
    time = at.to_bytes(_TIME_BYTES, "big")
    return Signature(name, vkey.id, time + key.sign(_cosigned(text, at)))


def signers(note: Note, keys: Iterable[VerifierKey]) -> frozenset[VerifierKey]:
    """Which of ``keys`` have signed. Lines of other keys are ignored.

    Raises WrongSignature when a line bears the name and id of one of ``keys`` that did not sign it.
    """
    known = {(key.name, key.id): key for key in keys}
    lines = [(known.get((line.name, line.id)), line.signature) for line in note.signatures]
    found = [(key, signature) for key, signature in lines if key is not None]
    for key, signature in found:
        _check(note.text, key, signature)
    return frozenset(key for key, _ in found)


def _check(text: str, key: VerifierKey, signature: bytes) -> None:
    message = text.encode()
    if key.type is KeyType.COSIGNATURE:
        at = int.from_bytes(signature[:_TIME_BYTES], "big")
        message, signature = _cosigned(text, at), signature[_TIME_BYTES:]
        if at > _LATEST_TIME:
            raise WrongSignature(f"{key.name} signed no time")
    if not is_signed(key.public, signature, message):
        raise WrongSignature(f"{key.name} did not sign this")


def _cosigned(text: str, at: int) -> bytes:
    """What a witness signs: C2SP tlog-cosignature, "Ed25519 signed message"."""
    return f"cosignature/v1\ntime {at}\n{text}".encode()
