"""Make ``formats.json`` and write it into the quotations of ``docs/formats.md``.

Run it as ``python -m tests.vectors.make_formats``. Nothing in it is random and it leans on the code
under test for text forms only, so it writes the same bytes again. The keys protect nothing.
"""

import json
import re
from base64 import b64encode
from hashlib import sha256, sha384
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from schemas.activation import Activation, format_activation_url
from schemas.encoding import b64url_encode, base45_encode
from schemas.references import derive_rid, normalise_reference
from tests.support import hpke
from tests.support.keys import EcKey, RsaKey, ec_key, emsa_pss_encode, rsa_key
from tests.support.texts import jws, to_json

VECTORS = Path(__file__).parent / "formats.json"
DOCUMENT = Path(__file__).parents[2] / "docs" / "formats.md"

ISS = "https://qupia.example"
TOKEN_ISSUER = "qupia.example"
ORIGIN = f"{TOKEN_ISSUER}/.well-known/qupia/log/1"
NOW = 1_773_730_800
"""2026-03-17, 12:00 in Almaty."""

DAY = 86_400
WINDOWS = [(1_773_687_600, 1_773_774_000), (1_773_774_000, 1_773_860_400)]
"""17 and 18 March 2026 in Almaty, midnight to midnight."""

HOUR = NOW // 3600
"""The check-in code of the story is shown from the hour before on: NOW begins an hour."""

CODE = "7K3M9QX2VT001C5H"
WIDTH = 88
"""Characters of a long value on one line of the document."""

Vectors = dict[str, Any]


def private(key: EcKey) -> str:
    """The scalar of a P-256 key, 32 bytes in hex."""
    return f"{key.private.private_numbers().private_value:064x}"


def named(key: str) -> EcKey:
    return ec_key(f"formats {key}")


def base45_vector(data: str) -> Vectors:
    return {"bytes": data, "text": base45_encode(bytes.fromhex(data))}


def pass_key_vector(key: RsaKey) -> Vectors:
    spki = bytes.fromhex(
        "30820152303d06092a864886f70d01010a3030a00d300b0609608648016503040202a11a301806092a864886"
        "f70d010108300b0609608648016503040202a2030201300382010f003082010a0282010100"
    )
    spki += key.modulus + bytes.fromhex("0203010001")
    return {
        "p": f"{key.p:0256x}",
        "q": f"{key.q:0256x}",
        "d": f"{key.d:0512x}",
        "n": key.modulus.hex(),
        "spki": spki.hex(),
        "token_key_id": sha256(spki).hexdigest(),
    }


def device_vector(device: EcKey) -> Vectors:
    x, y = device.point.x, device.point.y
    return {
        "d": private(device),
        "x": x.hex(),
        "y": y.hex(),
        "nonce": sha256(b"\x04" + x + y).hexdigest(),
        "fingerprint": sha256(x + y).hexdigest(),
    }


def challenge_vector() -> Vectors:
    name = TOKEN_ISSUER.encode()
    challenge = b"\x00\x02" + len(name).to_bytes(2, "big") + name + b"\x00" + b"\x00\x00"
    return {
        "token_issuer": TOKEN_ISSUER,
        "challenge": challenge.hex(),
        "digest": sha256(challenge).hexdigest(),
    }


def issuance_vector(key: RsaKey, token_input: bytes) -> Vectors:
    """Blinding, signing and unblinding in plain integers (RFC 9474 section 4)."""
    salt = sha384(b"formats salt").digest()
    encoded = emsa_pss_encode(token_input, salt)
    blocks = (sha256(f"formats blind {i}".encode()).digest() for i in range(8))
    r = int.from_bytes(b"".join(blocks), "big") >> 1
    blinded = int.from_bytes(encoded, "big") * pow(r, 65537, key.n) % key.n
    blind_sig = key.sign_raw(blinded.to_bytes(256, "big"))
    inverse = pow(r, -1, key.n)
    signature = int.from_bytes(blind_sig, "big") * inverse % key.n
    return {
        "token_input": token_input.hex(),
        "salt": salt.hex(),
        "encoded_msg": encoded.hex(),
        "blind": f"{r:0512x}",
        "inverse": f"{inverse:0512x}",
        "blinded_msg": f"{blinded:0512x}",
        "blind_sig": blind_sig.hex(),
        "signature": f"{signature:0512x}",
        "token": token_input.hex() + f"{signature:0512x}",
    }


def showing_vector(
    device: EcKey, key_id: bytes, signature: bytes, token: bytes, venue: bytes
) -> Vectors:
    slot = NOW // 30
    message = b"qupia-proof-v1" + sha256(token).digest() + slot.to_bytes(4, "big") + venue
    proof = device.prove(message)
    point = device.point
    code = key_id[:4] + point.x + point.y + signature + slot.to_bytes(4, "big") + proof
    return {
        "time": str(NOW),
        "slot": str(slot),
        "venue": venue.hex(),
        "token_digest": sha256(token).hexdigest(),
        "proof_message": message.hex(),
        "proof": proof.hex(),
        "code": code.hex(),
        "qr": "QP1:" + base45_encode(code),
    }


def thumbprint_vector(key: EcKey) -> Vectors:
    members = {name: key.jwk[name] for name in ("crv", "kty", "x", "y")}
    return {
        "d": private(key),
        "json": to_json(members).decode(),
        "thumbprint": b64url_encode(sha256(to_json(members)).digest()),
    }


def log_key_vector() -> Vectors:
    """The Ed25519 key of the log, as C2SP signed-note writes it."""
    key, material = log_key(), b"\x01" + log_key().public_key().public_bytes_raw()
    number = sha256(f"{ORIGIN}\n".encode() + material).digest()[:4]
    return {
        "private": key.private_bytes_raw().hex(),
        "public": material[1:].hex(),
        "id": number.hex(),
        "vkey": f"{ORIGIN}+{number.hex()}+{b64encode(material).decode()}",
    }


def log_key() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(sha256(b"formats log").digest())


def root_statement_payload(root: EcKey, signer: EcKey) -> Vectors:
    life = {"nbf": NOW - DAY, "exp": NOW + 34 * DAY}
    return {
        "version": 1,
        "threshold": 1,
        "roots": [root.jwk],
        "signers": [signer.jwk | life],
        "sunset": NOW + 180 * DAY,
        "log": log_key_vector()["vkey"],
        "witnesses": [],
        "quorum": 0,
    }


def root_statement_vector(members: Vectors, root: EcKey) -> Vectors:
    payload = to_json(members)
    protected, _, signature = jws(members, typ="qupia-root+jwt", key=root).split(".")
    return {
        "d": private(root),
        "kid": root.kid,
        "payload": b64url_encode(payload),
        "protected": protected,
        "signature": signature,
        "anchor": b64url_encode(sha256(b"qupia-anchor-v1" + payload).digest()),
        "entry": sha256(b"qupia-root-v1" + payload).hexdigest(),
    }


def carried_statement(vector: Vectors) -> Vectors:
    """As it stands in ``delegations``."""
    signature = {name: vector[name] for name in ("protected", "signature")}
    return {"payload": vector["payload"], "signatures": [signature]}


def proof_vector(text: str) -> Vectors:
    """That a bundle is the only entry of the log."""
    entry = sha256(text.encode()).digest()
    leaf = sha256(b"\x00" + entry).digest()
    extra = bytes(8) + leaf
    checkpoint = f"{ORIGIN}\n1\n{b64encode(leaf).decode()}\n"
    signature = bytes.fromhex(log_key_vector()["id"]) + log_key().sign(checkpoint.encode())
    return {
        "entry": entry.hex(),
        "leaf": leaf.hex(),
        "extra": extra.hex(),
        "lines": [
            "c2sp.org/tlog-proof@v1",
            f"extra {b64encode(extra).decode()}",
            "index 0",
            "",
            *checkpoint.splitlines(),
            "",
            f"\u2014 {ORIGIN} {b64encode(signature).decode()}",
        ],
    }


def carried(text: str, proof: Vectors) -> bytes:
    """The bundle as it is served."""
    return (text + "\n\n" + "".join(f"{line}\n" for line in proof["lines"])).encode()


def bundle_vector(payload: Vectors, signer: EcKey) -> Vectors:
    """The same as for other statements, but that the ETag is of the whole body."""
    vector = signed_vector(payload, typ="qupia-trust+jwt", key=signer)
    digest = vector.pop("etag")
    body = carried(vector["jws"], proof_vector(vector["jws"]))
    return vector | {"digest": digest, "etag": b64url_encode(sha256(body).digest())}


def bundle_payload(statement: Vectors, keys: list[RsaKey]) -> Vectors:
    paper = named("paper")
    names = {"kk": "Үлгі", "ru": "Образец", "en": "Example"}
    return {
        "iss": ISS,
        "name": names,
        "token_issuer": TOKEN_ISSUER,
        "version": 1,
        "iat": NOW,
        "exp": NOW + DAY,
        "previous": None,
        "delegations": [statement],
        "batch_size": 8,
        "hint": "none",
        "pass_keys": [
            {
                "id": b64url_encode(key.id),
                "n": b64url_encode(key.modulus),
                "status": "green",
                "holder": None,
                "nbf": nbf,
                "exp": exp,
            }
            for key, (nbf, exp) in zip(keys, WINDOWS, strict=True)
        ],
        "paper_keys": [
            paper.jwk | {"kid": paper.kid, "nbf": NOW - DAY, "exp": NOW + 13 * DAY},
        ],
        "service_keys": [
            named(use).jwk
            | {"kid": named(use).kid, "typ": f"qupia-{use}+jwt"}
            | {"nbf": NOW - DAY, "exp": NOW + 180 * DAY}
            for use in ("retention", "notices")
        ],
        "statuses": [
            {
                "id": "green",
                "name": {"kk": "жасыл", "ru": "зелёный", "en": "green"},
                "colour": "#2e7d32",
            }
        ],
        "policies": [{"id": "everyday", "name": names, "admit": ["green"], "hint": "ask"}],
        "retired": [],
        "retiring": [],
        "specimen": False,
        "tracing": [
            {"hour": hour, "x": b64url_encode(hpke.public(hour_key("authority", hour)))}
            for hour in range(HOUR - 1, HOUR + 3)
        ],
        "tracing_exports": [{"day": HOUR // 24, "x": b64url_encode(hpke.public(export_key()))}],
    }


def signed_vector(payload: Vectors, *, typ: str, key: EcKey) -> Vectors:
    text = jws(payload, typ=typ, key=key)
    return {
        "d": private(key),
        "kid": key.kid,
        "jws": text,
        "etag": b64url_encode(sha256(text.encode()).digest()),
    }


def dpop_vector(account: EcKey) -> Vectors:
    body = to_json({"code": "7K3M-9QX2-VT00-1C5H"})
    header = {"alg": "ES256", "typ": "dpop+jwt", "jwk": account.jwk}
    claims = {
        "htm": "POST",
        "htu": f"{ISS}/v1/entitlements",
        "iat": NOW,
        "jti": b64url_encode(sha256(b"formats jti").digest()[:16]),
        "bh": b64url_encode(sha256(body).digest()),
    }
    start = f"{b64url_encode(to_json(header))}.{b64url_encode(to_json(claims))}"
    return {
        "d": private(account),
        "body": body.decode(),
        "header": to_json(header).decode(),
        "payload": to_json(claims).decode(),
        "jws": f"{start}.{b64url_encode(account.sign(start.encode()))}",
        "thumbprint": account.kid,
    }


def paper_payload() -> Vectors:
    nbf = WINDOWS[0][0]
    return {"iss": ISS, "nbf": nbf, "exp": nbf + 7 * DAY, "status": "green", "holder": "03-17"}


def paper_vector(key: EcKey) -> Vectors:
    text = jws(paper_payload(), typ="qupia-paper+jwt", key=key)
    return {"d": private(key), "kid": key.kid, "qr": text}


def reference_vector() -> Vectors:
    key = sha256(b"formats reference key").digest()
    reference = "n 1234-567 890"
    return {
        "reference_key": key.hex(),
        "reference": reference,
        "normalised": normalise_reference(reference),
        "rid": derive_rid(key, reference),
    }


def retention_payload() -> Vectors:
    kinds = [("code", 259_200, 50, 2), ("batch", 180_000, 1000, 1), ("notice", 1_209_600, 0, None)]
    return {
        "iss": ISS,
        "iat": NOW,
        "last_run_days": 0,
        "kinds": [
            {"kind": kind, "period_seconds": period, "held": held, "oldest_days": oldest}
            for kind, period, held, oldest in kinds
        ],
    }


def seed(holder: str) -> bytes:
    return sha256(f"formats {holder} seed".encode()).digest()


def hour_key(holder: str, hour: int) -> bytes:
    """The private key of an hour (RFC 5869)."""
    info = f"qupia-{holder}-hour".encode() + hour.to_bytes(4, "big")
    return hpke.expand(hpke.extract(b"", seed(holder)), info, 32)


def export_key() -> bytes:
    """The authority's private key for the exports of NOW's day."""
    info = b"qupia-authority-trace" + (HOUR // 24).to_bytes(4, "big")
    return hpke.expand(hpke.extract(b"", seed("authority")), info, 32)


def binding(hour: int) -> bytes:
    return sha256(b"qupia-venue" + hpke.public(hour_key("venue", hour))).digest()[:16]


def hour_keys_vector() -> Vectors:
    venue, authority = (hour_key(holder, HOUR) for holder in ("venue", "authority"))
    return {
        "hour": str(HOUR),
        "venue_seed": seed("venue").hex(),
        "venue_private": venue.hex(),
        "venue_public": hpke.public(venue).hex(),
        "binding": binding(HOUR).hex(),
        "authority_seed": seed("authority").hex(),
        "authority_private": authority.hex(),
        "authority_public": hpke.public(authority).hex(),
    }


def check_in_vector(key_id: bytes) -> Vectors:
    first, count, name = HOUR - 1, 4, "Кафе «Ақ Орда»"
    keys = [hpke.public(hour_key("venue", first + i)) for i in range(count)]
    grid = sha256(key_id).digest()[:16]
    head = first.to_bytes(4, "big") + bytes((count,))
    code = head + b"".join(keys) + grid + name.encode()
    return {
        "first_hour": str(first),
        "grid": grid.hex(),
        "name": name,
        "code": code.hex(),
        "qr": "QV1:" + base45_encode(code),
    }


def visit_vector() -> Vectors:
    """The record of NOW's hour for who came at 12:12 and left at 12:34 in Almaty."""
    arrive, leave, number = NOW + 600, NOW + 2100, HOUR.to_bytes(4, "big")
    plain = arrive.to_bytes(4, "big") + leave.to_bytes(4, "big")
    ephemeral = {side: hpke.fixed_key(f"formats {side} layer") for side in ("inner", "outer")}
    authority, venue = (hpke.public(hour_key(who, HOUR)) for who in ("authority", "venue"))
    inner = hpke.seal(
        plain, to=authority, ephemeral=ephemeral["inner"], info=b"qupia-visit-a-v1" + number
    )
    outer = hpke.seal(
        inner, to=venue, ephemeral=ephemeral["outer"], info=b"qupia-visit-v1" + number
    )
    return {
        "hour": str(HOUR),
        "arrive": str(arrive),
        "leave": str(leave),
        "plain": plain.hex(),
        "inner_ephemeral": ephemeral["inner"].hex(),
        "inner": inner.hex(),
        "outer_ephemeral": ephemeral["outer"].hex(),
        "record": outer.hex(),
    }


def trace_vector() -> Vectors:
    """Two hours, exported when the second one has begun."""
    entries = (h.to_bytes(4, "big") + hour_key("venue", h) for h in (HOUR, HOUR + 1))
    plain, ephemeral = b"".join(entries), hpke.fixed_key("formats trace")
    private = export_key()
    to = hpke.public(private)
    sealed = hpke.seal(plain, to=to, ephemeral=ephemeral, info=b"qupia-trace-v1")
    return {
        "day": str(HOUR // 24),
        "authority_private": private.hex(),
        "authority_public": to.hex(),
        "plain": plain.hex(),
        "ephemeral": ephemeral.hex(),
        "sealed": sealed.hex(),
    }


def trace_file(trace: Vectors) -> Vectors:
    sealed = bytes.fromhex(trace["sealed"])
    return {"iss": ISS, "day": HOUR // 24, "sealed": b64url_encode(sealed)}


def notices_payload() -> Vectors:
    made = NOW + 7200
    keys = {f"{who}_key": b64url_encode(hour_key(who, HOUR)) for who in ("venue", "authority")}
    return {
        "iss": ISS,
        "version": 1,
        "iat": made,
        "exp": made + 3 * DAY,
        "notices": [{"hour": HOUR, **keys}],
    }


def tracing_vectors(key_id: bytes) -> Vectors:
    trace, notices = trace_vector(), notices_payload()
    return {
        "hour_keys": hour_keys_vector(),
        "check_in": check_in_vector(key_id),
        "visit": visit_vector(),
        "trace": trace,
        "trace_file": trace_file(trace),
        "notices_payload": notices,
        "notices": signed_vector(notices, typ="qupia-notices+jwt", key=named("notices")),
    }


def make() -> Vectors:
    """Everything, by the name under which the document quotes it."""
    root, signer, retention = named("root"), named("signer"), named("retention")
    paper = named("paper")
    device, key, later = named("device"), rsa_key(0), rsa_key(1)
    challenge = challenge_vector()
    nonce = sha256(b"\x04" + device.point.x + device.point.y).digest()
    token_input = b"\x00\x02" + nonce + bytes.fromhex(challenge["digest"]) + key.id
    issuance = issuance_vector(key, token_input)
    signature, token = (bytes.fromhex(issuance[name]) for name in ("signature", "token"))
    statement = root_statement_payload(root, signer)
    statement_vector = root_statement_vector(statement, root)
    bundle = bundle_payload(carried_statement(statement_vector), [key, later])
    signed_bundle = bundle_vector(bundle, signer)
    link = Activation(ISS, CODE, statement_vector["anchor"])
    return {
        "base45": base45_vector("0000ffff4142"),
        "base45_odd": base45_vector(b"base-45".hex()),
        "thumbprint": thumbprint_vector(root),
        "pass_key": pass_key_vector(key),
        "device": device_vector(device),
        "challenge": challenge,
        "issuance": issuance,
        "showing": showing_vector(device, key.id, signature, token, bytes(16)),
        "bound": showing_vector(device, key.id, signature, token, binding(HOUR)),
        "root_statement_payload": statement,
        "root_statement": statement_vector,
        "bundle_payload": bundle,
        "bundle": signed_bundle,
        "log_key": log_key_vector(),
        "proof": proof_vector(signed_bundle["jws"]),
        "paper_payload": paper_payload(),
        "paper": paper_vector(paper),
        "activation": {"code": CODE, "url": format_activation_url(link)},
        "dpop": dpop_vector(named("account")),
        "reference": reference_vector(),
        "retention_payload": retention_payload(),
        "retention": signed_vector(retention_payload(), typ="qupia-retention+jwt", key=retention),
        **tracing_vectors(key.id),
    }


def quote(value: Vectors, language: str) -> str:
    """A value as the document shows it: JSON, or one ``name = value`` after the other."""
    if language == "json":
        return json.dumps(value, indent=2, ensure_ascii=False)
    lines = []
    for name, text in value.items():
        # A text with a space in it would change where it is cut; a QR code's is never cut.
        whole = " " in text or text.startswith(("QP1:", "QV1:"))
        pieces = [text] if whole else [text[i : i + WIDTH] for i in range(0, len(text), WIDTH)]
        lines += [f"{name} = {pieces[0]}", *(f"    {piece}" for piece in pieces[1:])]
    return "\n".join(lines)


def quoted(document: str, vectors: Vectors) -> str:
    """``document`` with every quotation made anew."""

    def renew(match: re.Match[str]) -> str:
        language, name = match["language"], match["name"]
        return f"```{language} vector={name}\n{quote(vectors[name], language)}\n```"

    pattern = r"^```(?P<language>text|json) vector=(?P<name>\w+)\n.*?^```$"
    return re.sub(pattern, renew, document, flags=re.MULTILINE | re.DOTALL)


def main() -> None:
    vectors = make()
    VECTORS.write_text(json.dumps(vectors, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    document = DOCUMENT.read_text(encoding="utf-8")
    DOCUMENT.write_text(quoted(document, vectors), encoding="utf-8")


if __name__ == "__main__":
    main()
