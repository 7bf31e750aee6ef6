"""One message in HPKE's base mode under a given ephemeral key, written from RFC 9180 alone.

With it vectors can be made anew byte by byte, and the library is compared with the text of the RFC.
"""

import hmac
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_KEM = b"KEM" + bytes.fromhex("0020")
_HPKE = b"HPKE" + bytes.fromhex("0020 0001 0001")
_BASE_MODE = b"\x00"


def extract(salt: bytes, secret: bytes) -> bytes:
    """HKDF-Extract with SHA-256 (RFC 5869 section 2.2)."""
    return hmac.digest(salt or bytes(32), secret, "sha256")


def expand(key: bytes, info: bytes, length: int) -> bytes:
    """HKDF-Expand with SHA-256 (RFC 5869 section 2.3)."""
    blocks = [b""]
    while sum(map(len, blocks)) < length:
        counter = bytes((len(blocks),))
        blocks.append(hmac.digest(key, blocks[-1] + info + counter, "sha256"))
    return b"".join(blocks)[:length]


def seal(
    plain: bytes, *, to: bytes, ephemeral: bytes, info: bytes = b"", aad: bytes = b""
) -> bytes:
    """``enc || ct`` for the public key ``to``; ``ephemeral`` is the private key, 32 bytes."""
    own = X25519PrivateKey.from_private_bytes(ephemeral)
    dh = own.exchange(X25519PublicKey.from_public_bytes(to))
    return seal_with(dh, plain, enc=own.public_key().public_bytes_raw(), to=to, info=info, aad=aad)


def seal_with(
    dh: bytes, plain: bytes, *, enc: bytes, to: bytes, info: bytes = b"", aad: bytes = b""
) -> bytes:
    """The same for a sender's public key ``enc`` whose secret shared with ``to`` is given."""
    key, nonce = _key_schedule(_shared_secret(dh, enc + to), info)
    return enc + AESGCM(key).encrypt(nonce, plain, aad)


def _shared_secret(dh: bytes, context: bytes) -> bytes:
    """ExtractAndExpand (RFC 9180 section 4.1)."""
    key = _labeled_extract(_KEM, b"", b"eae_prk", dh)
    return _labeled_expand(_KEM, key, b"shared_secret", context, 32)


def _key_schedule(shared: bytes, info: bytes) -> tuple[bytes, bytes]:
    """Key and base nonce (RFC 9180 section 5.1)."""
    context = (
        _BASE_MODE
        + _labeled_extract(_HPKE, b"", b"psk_id_hash", b"")
        + _labeled_extract(_HPKE, b"", b"info_hash", info)
    )
    secret = _labeled_extract(_HPKE, shared, b"secret", b"")
    key = _labeled_expand(_HPKE, secret, b"key", context, 16)
    return key, _labeled_expand(_HPKE, secret, b"base_nonce", context, 12)


def _labeled_extract(suite: bytes, salt: bytes, label: bytes, secret: bytes) -> bytes:
    return extract(salt, b"HPKE-v1" + suite + label + secret)


def _labeled_expand(suite: bytes, key: bytes, label: bytes, info: bytes, length: int) -> bytes:
    labeled = length.to_bytes(2, "big") + b"HPKE-v1" + suite + label + info
    return expand(key, labeled, length)


def fixed_key(label: str) -> bytes:
    """A private key of 32 bytes that is always the same and protects nothing."""
    return sha256(label.encode()).digest()


def public(private_key: bytes) -> bytes:
    """The public half of an X25519 key."""
    return X25519PrivateKey.from_private_bytes(private_key).public_key().public_bytes_raw()
