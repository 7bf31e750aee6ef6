"""Whether a private key opens an HPKE ciphertext, told faster than by opening it (RFC 9180).

A wallet tries the keys of every notice on every record of a date, and nearly all of these tries
fail. What is the same for all tries of one key or one record is done once here; what is recognised
is opened by the library, and nothing else is. The suite is that of :mod:`schemas.visits`.
"""

import hmac
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_ENC_BYTES = 32
_KEM = b"HPKE-v1" + b"KEM\x00\x20"
_HPKE = b"HPKE-v1" + b"HPKE\x00\x20\x00\x01\x00\x01"
_BASE_MODE = b"\x00"
_KEY_BYTES = 16
_NONCE_BYTES = 12

# LabeledExpand(…, label, context, L): HKDF-Expand of one block (RFC 9180 section 4).
_SHARED_SECRET = b"\x00\x20" + _KEM + b"shared_secret"
_KEY = b"\x00\x10" + _HPKE + b"key"
_NONCE = b"\x00\x0c" + _HPKE + b"base_nonce"
_ONE_BLOCK = b"\x01"


@dataclass(frozen=True, repr=False)
class Sealed:
    """A ciphertext, ``enc || ct``; the sender's key in it is loaded once for many tries."""

    data: bytes
    sender: X25519PublicKey

    @classmethod
    def of(cls, data: bytes) -> "Sealed":
        """Raises ValueError for bytes that are too short to be one."""
        return cls(data, X25519PublicKey.from_public_bytes(data[:_ENC_BYTES]))


class Recogniser:
    """A private key, and the ``info`` under which something may be sealed to it."""

    def __init__(self, key: X25519PrivateKey, info: bytes) -> None:
        self._key = key
        self._public = self._key.public_key().public_bytes_raw()
        hashes = _extract(b"", _HPKE + b"psk_id_hash"), _extract(b"", _HPKE + b"info_hash" + info)
        context = _BASE_MODE + b"".join(hashes)
        self._key_info = _KEY + context + _ONE_BLOCK
        self._nonce_info = _NONCE + context + _ONE_BLOCK

    def opens(self, sealed: Sealed) -> bool:
        """Whether the library would open it with this key: Decap and KeySchedule in base mode.

        RFC 9180, sections 4.1 and 5.1; by section 5.2 the first message has the base nonce itself.
        """
        enc, ct = sealed.data[:_ENC_BYTES], sealed.data[_ENC_BYTES:]
        try:
            dh = self._key.exchange(sealed.sender)
            eae_prk = _extract(b"", _KEM + b"eae_prk" + dh)
            shared = _extract(eae_prk, _SHARED_SECRET + enc + self._public + _ONE_BLOCK)
            secret = _extract(shared, _HPKE + b"secret")
            key = _extract(secret, self._key_info)[:_KEY_BYTES]
            nonce = _extract(secret, self._nonce_info)[:_NONCE_BYTES]
            AESGCM(key).decrypt(nonce, ct, None)
        except (InvalidTag, ValueError):  # ValueError: the sender's key is of low order.
            return False
        return True


def _extract(salt: bytes, data: bytes) -> bytes:
    """HKDF-Extract with SHA-256, and one block of HKDF-Expand: both are one HMAC (RFC 5869)."""
    return hmac.digest(salt, data, "sha256")
