"""What is in the log: 32 bytes for each bundle and root statement, and how a bundle is carried.

docs/formats.md, "The log".
"""

from hashlib import sha256

from schemas.log.faults import LogFault, LogRejected

_BETWEEN = b"\n\n"
_AROUND = b" \t\r\n"


def bundle_entry(jws: bytes) -> bytes:
    """The entry of a bundle, 32 bytes: the hash of its compact JWS without a newline."""
    return sha256(jws).digest()


def statement_entry(payload: bytes) -> bytes:
    """The entry of a root statement, 32 bytes, from the bytes of its payload."""
    return sha256(b"qupia-root-v1" + payload).digest()


def join_carried(jws: bytes, proof: str) -> bytes:
    """A bundle as it is served and carried: its JWS, an empty line and the text of its proof."""
    return jws + _BETWEEN + proof.encode()


def split_carried(data: bytes) -> tuple[bytes, str]:
    """The JWS and the text of the proof. White space around the whole is ignored.

    Neither is looked at here. Raises LogRejected ``not_in_log`` when there is no proof.
    """
    jws, separator, proof = data.strip(_AROUND).partition(_BETWEEN)
    try:
        text = proof.decode("utf-8")
    except UnicodeDecodeError:
        raise LogRejected(LogFault.NOT_IN_LOG) from None
    if not separator:
        raise LogRejected(LogFault.NOT_IN_LOG)
    return jws, text + "\n"
