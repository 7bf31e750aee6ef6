"""Codes decided a second, beside what the two signature checks alone would take.

Beside it an EU certificate, as a verifier in Python checks one: base45, zlib, CBOR, ES256. It is
made here and as large as a real one.
"""

import zlib
from collections.abc import Callable, Mapping

import base45
import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)

from benchmarks.figures import Figure, cpu_rate, openssl_rates, paired
from schemas.presentation import slot_at
from tests.support.world import NOON, World
from verifier.door.seen import SeenSet
from verifier.door.verification import verify

ROUNDS = 7
SECONDS = 0.5
KEY_ID = bytes.fromhex("d919375fc1e7b6b2")
_ES256 = ec.ECDSA(hashes.SHA256())


def run() -> list[Figure]:
    """The rate of verify(), its limit and ratio, and the rate of an EU certificate check."""
    ours, theirs = _pass_check(), _certificate_check()
    beside_limit = paired(lambda: cpu_rate(ours, SECONDS), _limit, ROUNDS)
    beside_eu = paired(
        lambda: cpu_rate(ours, SECONDS), lambda: cpu_rate(theirs, SECONDS), 2 * ROUNDS
    )
    return [
        Figure("openssl speed: RSA-2048 and P-256 verify", beside_limit.limit, "codes/s"),
        Figure("verify() of a QR text", beside_limit.rate, "codes/s"),
        Figure("verify() / openssl", beside_limit.ratio, "", 0.55, at_least=True),
        Figure("EU certificate check in Python", beside_eu.limit, "codes/s"),
        Figure("verify() / EU certificate check", beside_eu.ratio, "", 1.0, at_least=True),
    ]


def _limit() -> float:
    """Codes a second if the two signature checks were all there is to do."""
    return 1 / sum(1 / openssl_rates(algorithm)[1] for algorithm in ("rsa2048", "ecdsap256"))


def _pass_check() -> Callable[[], object]:
    """A different pass each time, as at a door, so that nothing about a visitor can be cached."""
    world = World(hint="month")
    bundle = world.accepted(NOON)
    policy, slot = bundle.policies[0], slot_at(NOON)
    texts = [world.show(world.issue(NOON), slot) for _ in range(200)]
    turn = 0

    def check() -> object:
        nonlocal turn
        turn += 1
        # A memory that already held the pass would refuse it.
        return verify(
            texts[turn % len(texts)], bundle=bundle, policy=policy, now=NOON, seen=SeenSet()
        )

    return check


def _certificate_check() -> Callable[[], object]:
    key = ec.generate_private_key(ec.SECP256R1())
    known, text = {KEY_ID: key.public_key()}, _certificate(key)

    def check() -> object:
        return _check_certificate(text, known)

    return check


def _certificate(key: ec.EllipticCurvePrivateKey) -> str:
    """A COSE_Sign1 of a CWT with one vaccination (HCERT, schema 1.0.0).

    Person and entry are those of Austria's published test certificate.
    """
    entry = {
        "tg": "840539006",
        "vp": "1119305005",
        "mp": "EU/1/20/1528",
        "ma": "ORG-100030215",
        "dn": 1,
        "sd": 2,
        "dt": "2021-02-18",
        "co": "AT",
        "is": "BMSGPK Austria",
        "ci": "urn:uvci:01:AT:10807843F94AEE0EE5093FBC254BD813P",
    }
    person = {
        "fn": "Musterfrau-Gößinger",
        "gn": "Gabriele",
        "fnt": "MUSTERFRAU<GOESSINGER",
        "gnt": "GABRIELE",
    }
    certificate = {"ver": "1.0.0", "nam": person, "dob": "1998-02-26", "v": [entry]}
    claims = {1: "AT", 4: NOON + 86_400, 6: NOON, -260: {1: certificate}}
    protected, payload = cbor2.dumps({1: -7, 4: KEY_ID}), cbor2.dumps(claims)
    r, s = decode_dss_signature(key.sign(_to_be_signed(protected, payload), _ES256))
    signature = r.to_bytes(32, "big") + s.to_bytes(32, "big")
    message = cbor2.dumps(cbor2.CBORTag(18, [protected, {}, payload, signature]))
    return f"HC1:{base45.b45encode(zlib.compress(message, 9)).decode()}"


def _check_certificate(text: str, known: Mapping[bytes, ec.EllipticCurvePublicKey]) -> bool:
    message = cbor2.loads(zlib.decompress(base45.b45decode(text.removeprefix("HC1:"))))
    protected, _, payload, signature = message.value
    header = cbor2.loads(protected)
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    key = known[header[4]]
    key.verify(encode_dss_signature(r, s), _to_be_signed(protected, payload), _ES256)
    claims = cbor2.loads(payload)
    return bool(header[1] == -7 and claims[6] <= NOON < claims[4] and claims[-260][1]["v"])


def _to_be_signed(protected: bytes, payload: bytes) -> bytes:
    return cbor2.dumps(["Signature1", protected, b"", payload])
