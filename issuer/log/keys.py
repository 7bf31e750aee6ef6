"""The private key of a log: Ed25519, a file of its own, used for checkpoints and nothing else."""

from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from issuer.home import Home
from shell.errors import CommandError
from shell.files import create_private, destroy, read_private


def log_key_path(home: Home, number: int) -> Path:
    return home.keys / f"log-{number}.pem"


def make_log_key(home: Home, number: int) -> Ed25519PrivateKey:
    """A new key on disk; raises FileExistsError."""
    key = Ed25519PrivateKey.generate()
    create_private(
        log_key_path(home, number),
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ),
    )
    return key


def load_log_key(home: Home, number: int) -> Ed25519PrivateKey:
    """Raises CommandError when there is no such key in its file."""
    path = log_key_path(home, number)
    try:
        key = serialization.load_pem_private_key(read_private(path), password=None)
    except FileNotFoundError:
        raise CommandError(f"{path} is missing; restore it from a backup") from None
    except (ValueError, TypeError):
        raise CommandError(f"{path} holds no usable key; restore it from a backup") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise CommandError(f"{path} holds no Ed25519 key; restore it from a backup")
    return key


def destroy_log_keys(home: Home, *, before: int) -> None:
    """Destroy the private keys of logs with lower numbers."""
    for number in range(1, before):
        path = log_key_path(home, number)
        if path.exists():
            destroy(path)
