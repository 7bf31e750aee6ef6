"""A security key in software: it makes passkeys and proves them, as a browser would send that."""

import json
import secrets
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

from schemas.encoding import b64url_decode, b64url_encode

PRESENT = 0x01
HOLDS_KEY = 0x40


@dataclass
class Authenticator:
    """``origin`` is where its browser is; ``signatures`` counts up with each proof."""

    origin: str
    id: bytes = field(default_factory=lambda: secrets.token_bytes(16))
    key: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )
    signatures: int = 0

    def create(self, options: str) -> str:
        """The answer to ``navigator.credentials.create()``, with no attestation."""
        asked = json.loads(options)
        holds = len(self.id).to_bytes(2, "big") + self.id + self._cose_key()
        data = self._data(asked["rp"]["id"], HOLDS_KEY) + bytes(16) + holds
        attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        return self._answer("create", asked, attestationObject=attestation)

    def get(self, options: str) -> str:
        """The answer to ``navigator.credentials.get()``."""
        asked = json.loads(options)
        self.signatures += 1
        data = self._data(asked["rpId"], 0)
        signed = data + sha256(self._client_data("get", asked)).digest()
        signature = self.key.sign(signed, ec.ECDSA(SHA256()))
        return self._answer("get", asked, authenticatorData=data, signature=signature)

    def _data(self, party: str, flags: int) -> bytes:
        """Authenticator data (WebAuthn Level 3, section 6.1)."""
        count = self.signatures.to_bytes(4, "big")
        return sha256(party.encode()).digest() + bytes([PRESENT | flags]) + count

    def _cose_key(self) -> bytes:
        point = self.key.public_key().public_numbers()
        x, y = (part.to_bytes(32, "big") for part in (point.x, point.y))
        return cbor2.dumps({1: 2, 3: -7, -1: 1, -2: x, -3: y})

    def _client_data(self, ceremony: str, asked: dict[str, Any]) -> bytes:
        members = {
            "type": f"webauthn.{ceremony}",
            "challenge": asked["challenge"],
            "origin": self.origin,
            "crossOrigin": False,
        }
        return json.dumps(members).encode()

    def _answer(self, ceremony: str, asked: dict[str, Any], **parts: bytes) -> str:
        parts["clientDataJSON"] = self._client_data(ceremony, asked)
        response = {name: b64url_encode(part) for name, part in parts.items()}
        own = b64url_encode(self.id)
        return json.dumps({"id": own, "rawId": own, "type": "public-key", "response": response})


def challenge_in(options: str) -> bytes:
    """What a browser has to sign."""
    return b64url_decode(json.loads(options)["challenge"])
