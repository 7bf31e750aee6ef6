"""The raw RSA private operation behind one small interface (RFC 9474 section 4.3).

libcrypto does the mathematics: it blinds the base, runs in constant time and uses the primes. The
fallback for platforms without a usable libcrypto is ``gmpy2.powmod_sec`` with base blinding of our
own. Whatever computed it, a result leaves this module only when ``s^e = m`` holds, and every
failure is the same :class:`SigningFailed`. A PKCS#11 token (``CKM_RSA_X_509``) fits the same
interface.
"""

import _ssl
import ctypes
import ctypes.util
import hmac
import secrets
import weakref
from functools import cache
from typing import Any, Protocol

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from schemas.errors import QupiaError

_RSA_NO_PADDING = 3
"""RSA_NO_PADDING of openssl/rsa.h."""

_EVP_PKEY_RSA = 6
"""NID of rsaEncryption, EVP_PKEY_RSA of openssl/evp.h."""


class SigningFailed(QupiaError):
    """The operation failed; nothing says how, since that would teach an attacker."""


class RawKey(Protocol):
    """A private key that raises integers to the private exponent."""

    def sign_raw(self, message: bytes) -> bytes:
        """``message^d mod n``, checked; input and output have the modulus's length in bytes.

        Raises SigningFailed for a message that is not below the modulus and for every fault.
        """


def load_raw_key(key: rsa.RSAPrivateKey) -> RawKey:
    """The fastest implementation that this machine has."""
    try:
        return LibcryptoKey(key)
    except LibcryptoMissing:
        return PortableKey(key)


class LibcryptoMissing(QupiaError):
    """This platform has no libcrypto with the functions needed."""


class LibcryptoKey:
    """A key held by libcrypto. May be used from several threads at once."""

    def __init__(self, key: rsa.RSAPrivateKey) -> None:
        self._lib = _libcrypto()
        self._size = (key.key_size + 7) // 8
        der = key.private_bytes(
            serialization.Encoding.DER,
            serialization.PrivateFormat.TraditionalOpenSSL,
            serialization.NoEncryption(),
        )
        start = ctypes.c_char_p(der)
        self._key = self._lib.d2i_PrivateKey(_EVP_PKEY_RSA, None, ctypes.byref(start), len(der))
        if not self._key:
            raise SigningFailed
        weakref.finalize(self, self._lib.EVP_PKEY_free, self._key)
        self._idle: list[_Prepared] = []

    def sign_raw(self, message: bytes) -> bytes:
        # Preparing an operation costs a twentieth of it, so prepared ones are kept; never are
        # there more than threads that signed at once. Popping and appending are atomic.
        try:
            prepared = self._idle.pop()
        except IndexError:
            prepared = _Prepared(self._lib, self._key, self._size)
        # An operation that failed is not used again.
        signature = prepared.sign(message)
        self._idle.append(prepared)
        return signature


class _Prepared:
    """The two operations of one key, set up for repeated use by one thread at a time.

    Without padding, decryption is m^d mod n and encryption is s^e mod n.
    """

    def __init__(self, lib: Any, key: int, size: int) -> None:
        self._lib = lib
        self._size = size
        self._length = ctypes.c_size_t()
        self._output = ctypes.create_string_buffer(size)
        self._private = self._context(key, lib.EVP_PKEY_decrypt_init)
        self._public = self._context(key, lib.EVP_PKEY_encrypt_init)

    def sign(self, message: bytes) -> bytes:
        if len(message) != self._size:
            raise SigningFailed
        signature = self._apply(self._lib.EVP_PKEY_decrypt, self._private, message)
        check = self._apply(self._lib.EVP_PKEY_encrypt, self._public, signature)
        if not hmac.compare_digest(check, message):
            raise SigningFailed
        return signature

    def _apply(self, operation: Any, context: int, data: bytes) -> bytes:
        length = self._length
        length.value = self._size
        done = operation(context, self._output, ctypes.byref(length), data, self._size)
        if done != 1 or length.value != self._size:
            self._lib.ERR_clear_error()
            raise SigningFailed
        return self._output.raw

    def _context(self, key: int, init: Any) -> int:
        lib = self._lib
        context: int = lib.EVP_PKEY_CTX_new(key, None)
        weakref.finalize(self, lib.EVP_PKEY_CTX_free, context)
        if init(context) != 1 or lib.EVP_PKEY_CTX_set_rsa_padding(context, _RSA_NO_PADDING) != 1:
            lib.ERR_clear_error()
            raise SigningFailed
        return context


class PortableKey:
    """A key in Python integers: ``gmpy2.powmod_sec``, base blinding and the primes."""

    def __init__(self, key: rsa.RSAPrivateKey) -> None:
        try:
            import gmpy2
        except ImportError:
            raise SigningFailed from None
        numbers = key.private_numbers()
        self._power = gmpy2.powmod_sec
        self._size = (key.key_size + 7) // 8
        self._n, self._e = numbers.public_numbers.n, numbers.public_numbers.e
        self._p, self._q = numbers.p, numbers.q
        self._dmp1, self._dmq1, self._iqmp = numbers.dmp1, numbers.dmq1, numbers.iqmp

    def sign_raw(self, message: bytes) -> bytes:
        m = int.from_bytes(message, "big")
        if len(message) != self._size or m >= self._n:
            raise SigningFailed
        try:
            s = self._blinded_power(m)
        except (ValueError, ZeroDivisionError):
            raise SigningFailed from None
        check = int(self._power(s, self._e, self._n)) if s else 0
        if not hmac.compare_digest(check.to_bytes(self._size, "big"), message):
            raise SigningFailed
        return s.to_bytes(self._size, "big")

    def _blinded_power(self, m: int) -> int:
        """The base is blinded, so that its timing says nothing about m (RFC 9474 section 7.1)."""
        blind = secrets.randbelow(self._n - 2) + 2
        base = m * int(self._power(blind, self._e, self._n)) % self._n
        s_p = int(self._power(base % self._p, self._dmp1, self._p))
        s_q = int(self._power(base % self._q, self._dmq1, self._q))
        s = s_q + self._q * ((s_p - s_q) * self._iqmp % self._p)
        return s * pow(blind, -1, self._n) % self._n


@cache
def _libcrypto() -> Any:
    """The libcrypto that Python's own ssl module is linked with, else the system's."""
    # Looking for a library runs other programs, so the second way is gone only where it must be.
    ways = (lambda: getattr(_ssl, "__file__", None), lambda: ctypes.util.find_library("crypto"))
    for name in (way() for way in ways):
        if name is None:
            continue
        try:
            return _declare(ctypes.CDLL(name))
        except (OSError, AttributeError):
            continue
    raise LibcryptoMissing


def _declare(lib: Any) -> Any:
    pointer, size = ctypes.c_void_p, ctypes.c_size_t
    operation = [pointer, ctypes.c_char_p, ctypes.POINTER(size), ctypes.c_char_p, size]
    functions: dict[str, tuple[Any, list[Any]]] = {
        "d2i_PrivateKey": (
            pointer,
            [ctypes.c_int, pointer, ctypes.POINTER(ctypes.c_char_p), ctypes.c_long],
        ),
        "EVP_PKEY_free": (None, [pointer]),
        "EVP_PKEY_CTX_new": (pointer, [pointer, pointer]),
        "EVP_PKEY_CTX_free": (None, [pointer]),
        "EVP_PKEY_CTX_set_rsa_padding": (ctypes.c_int, [pointer, ctypes.c_int]),
        "EVP_PKEY_decrypt_init": (ctypes.c_int, [pointer]),
        "EVP_PKEY_decrypt": (ctypes.c_int, operation),
        "EVP_PKEY_encrypt_init": (ctypes.c_int, [pointer]),
        "EVP_PKEY_encrypt": (ctypes.c_int, operation),
        "ERR_clear_error": (None, []),
    }
    for name, (result, arguments) in functions.items():
        function = getattr(lib, name)
        function.restype, function.argtypes = result, arguments
    return lib
