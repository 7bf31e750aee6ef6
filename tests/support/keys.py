"""Keys for tests: ready-made RSA keys and P-256 keys derived from a label.

Nothing here is random, so a test that fails fails again and the vectors can be made anew byte by
byte. None of these keys protects anything.
"""

import json
from dataclasses import dataclass
from functools import cache, cached_property
from hashlib import sha256, sha384
from pathlib import Path

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from schemas.jwk import jwk_from_key, thumbprint
from schemas.token import MODULUS_BYTES, PUBLIC_EXPONENT, DevicePoint, token_key_id

RSA_POOL = Path(__file__).parent.parent / "vectors" / "rsa_pool.json"
_P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_SHA384_BYTES = 48


@dataclass(frozen=True)
class RsaKey:
    """A 2048-bit RSA key of the pool."""

    p: int
    q: int

    @cached_property
    def n(self) -> int:
        return self.p * self.q

    @cached_property
    def d(self) -> int:
        return pow(PUBLIC_EXPONENT, -1, (self.p - 1) * (self.q - 1))

    @cached_property
    def modulus(self) -> bytes:
        """``n`` in 256 bytes."""
        return self.n.to_bytes(MODULUS_BYTES, "big")

    @cached_property
    def id(self) -> bytes:
        """token_key_id, 32 bytes."""
        return token_key_id(self.modulus)

    @cached_property
    def private_key(self) -> rsa.RSAPrivateKey:
        numbers = rsa.RSAPrivateNumbers(
            p=self.p,
            q=self.q,
            d=self.d,
            dmp1=self.d % (self.p - 1),
            dmq1=self.d % (self.q - 1),
            iqmp=pow(self.q, -1, self.p),
            public_numbers=rsa.RSAPublicNumbers(PUBLIC_EXPONENT, self.n),
        )
        return numbers.private_key(unsafe_skip_rsa_key_validation=True)

    def sign_raw(self, message: bytes) -> bytes:
        """``message ** d mod n`` in 256 bytes: what an issuer does to a blinded value."""
        m = int.from_bytes(message, "big")
        at_p = pow(m, self.d % (self.p - 1), self.p)
        at_q = pow(m, self.d % (self.q - 1), self.q)
        quotient = (at_p - at_q) * pow(self.q, -1, self.p) % self.p
        return (at_q + quotient * self.q).to_bytes(MODULUS_BYTES, "big")

    def sign_pss(self, message: bytes, *, salt: bytes | None = None) -> bytes:
        """RSASSA-PSS with SHA-384, MGF1-SHA-384 and a salt of 48 bytes (RFC 8017 section 8.1)."""
        fixed = salt if salt is not None else sha384(b"salt" + message).digest()
        return self.sign_raw(emsa_pss_encode(message, fixed))


def emsa_pss_encode(message: bytes, salt: bytes) -> bytes:
    """EMSA-PSS of 256 bytes for a 2048-bit modulus (RFC 8017 section 9.1.1)."""
    digest = sha384(bytes(8) + sha384(message).digest() + salt).digest()
    block = b"\x01".rjust(MODULUS_BYTES - _SHA384_BYTES - 1 - len(salt), b"\x00") + salt
    masked = bytearray(a ^ b for a, b in zip(block, _mgf1(digest, len(block)), strict=True))
    masked[0] &= 0x7F
    return bytes(masked) + digest + b"\xbc"


def _mgf1(seed: bytes, length: int) -> bytes:
    blocks = -(-length // _SHA384_BYTES)
    mask = b"".join(sha384(seed + i.to_bytes(4, "big")).digest() for i in range(blocks))
    return mask[:length]


@cache
def _pool() -> list[RsaKey]:
    entries = json.loads(RSA_POOL.read_text())["keys"]
    return [RsaKey(int(entry["p"], 16), int(entry["q"], 16)) for entry in entries]


def pool_size() -> int:
    """How many RSA keys there are."""
    return len(_pool())


def rsa_key(i: int) -> RsaKey:
    """RSA key number ``i``; no two have the same first four bytes of their token_key_id."""
    return _pool()[i]


def filler_modulus(label: str) -> bytes:
    """256 bytes that pass for a modulus, for cells of a grid under which no test signs."""
    data = bytearray(b"".join(sha256(f"{label}/{i}".encode()).digest() for i in range(8)))
    data[0] |= 0x80
    data[-1] |= 1
    return bytes(data)


@dataclass(frozen=True)
class EcKey:
    """A P-256 key derived from a label."""

    label: str

    @cached_property
    def private(self) -> ec.EllipticCurvePrivateKey:
        seed = sha256(self.label.encode()).digest()
        return ec.derive_private_key(
            int.from_bytes(seed, "big") % (_P256_ORDER - 1) + 1, ec.SECP256R1()
        )

    @cached_property
    def public(self) -> ec.EllipticCurvePublicKey:
        return self.private.public_key()

    @cached_property
    def jwk(self) -> dict[str, str]:
        return jwk_from_key(self.public)

    @cached_property
    def kid(self) -> str:
        """RFC 7638 thumbprint."""
        return thumbprint(self.jwk)

    @cached_property
    def point(self) -> DevicePoint:
        numbers = self.public.public_numbers()
        return DevicePoint(numbers.x.to_bytes(32, "big"), numbers.y.to_bytes(32, "big"))

    def sign_der(self, message: bytes) -> bytes:
        """ECDSA with SHA-256 and the nonce of RFC 6979, in DER."""
        return self.private.sign(message, ec.ECDSA(hashes.SHA256(), deterministic_signing=True))

    def sign(self, message: bytes) -> bytes:
        """The same as r || s, 64 bytes."""
        r, s = decode_dss_signature(self.sign_der(message))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")

    def prove(self, message: bytes) -> bytes:
        """The same as a proof of a pass, with the smaller ``s``."""
        r_and_s = self.sign(message)
        s = int.from_bytes(r_and_s[32:], "big")
        return r_and_s[:32] + min(s, _P256_ORDER - s).to_bytes(32, "big")


@cache
def ec_key(label: str) -> EcKey:
    """The P-256 key of that label, always the same."""
    return EcKey(label)
