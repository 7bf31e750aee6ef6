"""``docs/formats.md`` is true: our code gives its vectors, and its tables are our lists."""

import json
import re
from collections.abc import Iterator
from hashlib import sha256
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from issuer.api.dpop import check_proof
from issuer.api.openapi import openapi_document
from issuer.keys.rawrsa import load_raw_key
from schemas import jws
from schemas.activation import parse_activation_url
from schemas.bundle_faults import BundleFault, BundleRejected
from schemas.encoding import b64url_encode, base45_decode, base45_encode
from schemas.jwk import jwk_from_key, key_from_jwk, thumbprint
from schemas.paper import parse_paper
from schemas.presentation import (
    UNBOUND,
    format_presentation,
    parse_presentation,
    proof_message,
    slot_at,
)
from schemas.problems import NOT_ALLOWED_FOR_ROLE, STATUS, Problem
from schemas.references import derive_rid, normalise_reference
from schemas.refusals import Reason, Refused
from schemas.token import (
    DevicePoint,
    challenge_digest,
    spki_from_modulus,
    token_input,
    token_key_id,
)
from schemas.trust import TrustState, accept_bundle, bundle_digest
from schemas.validation import matches
from tests.support.keys import RsaKey
from tests.vectors.make_formats import DOCUMENT, NOW, VECTORS, Vectors, make
from verifier.verification import Verdict, verify
from wallet_sim.blinding import blind, finalize

NAMES = sorted(make())


@pytest.fixture(scope="module")
def document() -> str:
    return DOCUMENT.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def vectors() -> Vectors:
    stored: Vectors = json.loads(VECTORS.read_text(encoding="utf-8"))
    return stored


def unhex(vector: dict[str, str], *names: str) -> list[bytes]:
    return [bytes.fromhex(vector[name]) for name in names]


def scalar_key(d: str) -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(int(d, 16), ec.SECP256R1())


def quotation(document: str, name: str) -> Any:
    """What the document says under a vector's name; read without the code that wrote it."""
    found = re.findall(rf"^```(\w+) vector={name}\n(.*?)^```$", document, re.M | re.S)
    [(language, body)] = found
    if language == "json":
        return json.loads(body)
    joined = re.sub(r"\n {4}", "", body)
    return dict(line.split(" = ", 1) for line in joined.splitlines())


def table(document: str, name: str) -> Iterator[list[str]]:
    """The cells of the table after the mark ``name``, without the header."""
    after = document.split(f"<!-- table: {name} -->\n\n", 1)[1]
    rows = after.split("\n\n", 1)[0].splitlines()[2:]
    for row in rows:
        yield [cell.strip().strip("`") for cell in row.strip("|").split(" | ")]


def test_the_stored_vectors_come_out_the_same_when_they_are_made_again(vectors: Vectors) -> None:
    assert make() == vectors


@pytest.mark.parametrize("name", NAMES)
def test_the_document_quotes_each_vector_exactly(
    name: str, document: str, vectors: Vectors
) -> None:
    assert quotation(document, name) == vectors[name]


def test_the_document_quotes_nothing_else(document: str) -> None:
    assert sorted(re.findall(r"vector=(\w+)", document)) == NAMES


def test_base45_is_as_quoted(vectors: Vectors) -> None:
    vector = vectors["base45"]
    assert base45_encode(bytes.fromhex(vector["bytes"])) == vector["text"]
    assert base45_decode(vector["text"]).hex() == vector["bytes"]
    with pytest.raises(ValueError, match="not base45"):
        base45_decode("GGW")


def test_the_thumbprint_is_as_quoted(vectors: Vectors) -> None:
    vector = vectors["thumbprint"]
    jwk = jwk_from_key(scalar_key(vector["d"]).public_key())
    assert jwk == json.loads(vector["json"])
    assert thumbprint(jwk) == vector["thumbprint"]


def test_the_pass_key_is_as_quoted(vectors: Vectors) -> None:
    vector = vectors["pass_key"]
    key = RsaKey(int(vector["p"], 16), int(vector["q"], 16))
    assert key.modulus.hex() == vector["n"]
    assert f"{key.d:x}" == vector["d"].lstrip("0")
    assert spki_from_modulus(key.modulus).hex() == vector["spki"]
    assert token_key_id(key.modulus).hex() == vector["token_key_id"]


def test_the_device_key_and_the_challenge_are_as_quoted(vectors: Vectors) -> None:
    device, challenge = vectors["device"], vectors["challenge"]
    numbers = scalar_key(device["d"]).public_key().public_numbers()
    assert (f"{numbers.x:064x}", f"{numbers.y:064x}") == (device["x"], device["y"])
    x, y = unhex(device, "x", "y")
    assert DevicePoint(x, y).nonce.hex() == device["nonce"]
    assert challenge_digest(challenge["token_issuer"]).hex() == challenge["digest"]
    assert sha256(bytes.fromhex(challenge["challenge"])).hexdigest() == challenge["digest"]


def test_the_wallet_and_the_issuer_make_the_quoted_token(vectors: Vectors) -> None:
    vector, pass_key = vectors["issuance"], vectors["pass_key"]
    nonce, challenge, key_id = (
        bytes.fromhex(vectors[name][member])
        for name, member in (
            ("device", "nonce"),
            ("challenge", "digest"),
            ("pass_key", "token_key_id"),
        )
    )
    message = token_input(nonce=nonce, challenge=challenge, key_id=key_id)
    draws = iter(unhex(vector, "salt", "blind"))
    n = int(pass_key["n"], 16)

    blinded = blind(message, n=n, random=lambda _length: next(draws))
    rsa = RsaKey(int(pass_key["p"], 16), int(pass_key["q"], 16))
    blind_sig = load_raw_key(rsa.private_key).sign_raw(blinded.message)
    signature = finalize(message, blind_sig, n=n, inverse=blinded.inverse)

    made = [message, blinded.message, blinded.inverse, blind_sig, signature, message + signature]
    names = ("token_input", "blinded_msg", "inverse", "blind_sig", "signature", "token")
    assert made == unhex(vector, *names)


def test_the_showing_is_put_together_as_quoted(vectors: Vectors) -> None:
    vector = vectors["showing"]
    presentation = parse_presentation(vector["qr"])
    [token] = unhex(vectors["issuance"], "token")
    assert slot_at(int(vector["time"])) == presentation.slot == int(vector["slot"])
    message = proof_message(token=token, slot=presentation.slot, venue=UNBOUND)
    assert message.hex() == vector["proof_message"]
    assert sha256(token).hexdigest() == vector["token_digest"]
    assert UNBOUND.hex() == vector["venue"]
    assert presentation.proof.hex() == vector["proof"]
    assert presentation.fingerprint.hex() == vectors["device"]["fingerprint"]
    assert base45_decode(vector["qr"].removeprefix("QP1:")).hex() == vector["code"]
    assert format_presentation(presentation) == vector["qr"]


def accepted(vectors: Vectors) -> Any:
    state = TrustState(root=vectors["thumbprint"]["thumbprint"])
    bundle, _ = accept_bundle(vectors["bundle"]["jws"].encode(), state=state, now=NOW)
    return bundle


def test_a_door_that_pins_the_quoted_root_admits_the_quoted_pass(vectors: Vectors) -> None:
    bundle = accepted(vectors)
    verdict = verify(vectors["showing"]["qr"], bundle=bundle, policy=bundle.policy(None), now=NOW)
    assert (verdict.status, verdict.holder) == ("green", None)


def test_a_door_admits_the_quoted_slip_and_asks_for_an_id(vectors: Vectors) -> None:
    bundle, text = accepted(vectors), vectors["paper"]["qr"]
    verdict = verify(text, bundle=bundle, policy=bundle.policy(None), now=NOW)
    assert verdict == Verdict("green", "03-17", asks_hint=True, paper=True)
    assert parse_paper(text).unverified_pass.claims() == vectors["paper_payload"]
    assert matches("paper-pass", vectors["paper_payload"])
    assert parse_paper(text).kid == vectors["paper"]["kid"]


def test_the_quoted_pass_is_stale_ninety_seconds_later(vectors: Vectors) -> None:
    bundle = accepted(vectors)
    with pytest.raises(Refused) as refused:
        verify(vectors["showing"]["qr"], bundle=bundle, policy=bundle.policy(None), now=NOW + 90)
    assert refused.value.reason is Reason.STALE


def test_a_client_with_another_root_refuses_the_quoted_bundle(vectors: Vectors) -> None:
    state = TrustState(root=vectors["bundle"]["kid"])
    with pytest.raises(BundleRejected) as rejected:
        accept_bundle(vectors["bundle"]["jws"].encode(), state=state, now=NOW)
    assert rejected.value.fault is BundleFault.UNKNOWN_ROOT


@pytest.mark.parametrize(
    ("name", "typ", "shape"),
    [
        ("root_statement", jws.Typ.ROOT, "root-statement"),
        ("bundle", jws.Typ.TRUST, "trust-bundle"),
        ("retention", jws.Typ.RETENTION, "retention-statement"),
    ],
)
def test_each_quoted_statement_has_its_shape_and_its_key(
    name: str, typ: jws.Typ, shape: str, vectors: Vectors
) -> None:
    vector = vectors[name]
    public = scalar_key(vector["d"]).public_key()
    unverified = jws.parse(vector["jws"])
    assert unverified.unverified_header["kid"] == vector["kid"] == thumbprint(jwk_from_key(public))
    payload = jws.verify(unverified, typ=typ, key=public)
    assert payload == vectors[f"{name}_payload"]
    assert matches(shape, payload)
    assert bundle_digest(vector["jws"].encode()) == vector["etag"]


def test_the_quoted_bundle_names_the_key_of_the_quoted_retention_statement(
    vectors: Vectors,
) -> None:
    [key] = accepted(vectors).service_keys
    statement = jws.parse(vectors["retention"]["jws"])
    assert key["kid"] == statement.unverified_header["kid"]
    assert jws.verify(statement, typ=jws.Typ.RETENTION, key=key_from_jwk(key))["iat"] == NOW


def test_the_issuer_accepts_the_quoted_proof(vectors: Vectors) -> None:
    vector = vectors["dpop"]
    body = vector["body"].encode()
    url = json.loads(vector["payload"])["htu"]
    jkt = check_proof(vector["jws"], method="POST", url=url, body=body, now=NOW)
    assert jkt == vector["thumbprint"]
    parts = [b64url_encode(vector[part].encode()) for part in ("header", "payload")]
    assert vector["jws"].split(".")[:2] == parts
    assert jwk_from_key(scalar_key(vector["d"]).public_key()) == json.loads(vector["header"])["jwk"]


def test_the_quoted_link_carries_the_code_and_the_root(vectors: Vectors) -> None:
    link = parse_activation_url(vectors["activation"]["url"])
    assert link.code == vectors["activation"]["code"]
    assert link.root == vectors["thumbprint"]["thumbprint"]


def test_the_quoted_reference_gives_the_quoted_rid(vectors: Vectors) -> None:
    vector = vectors["reference"]
    assert normalise_reference(vector["reference"]) == vector["normalised"]
    assert derive_rid(bytes.fromhex(vector["reference_key"]), vector["reference"]) == vector["rid"]


def test_the_table_of_reasons_is_the_code_s_list(document: str) -> None:
    listed = [tuple(row[:3]) for row in table(document, "reasons")]
    refusals = [Refused(reason) for reason in Reason]
    assert listed == sorted((r.helpdesk, r.reason.value, r.outcome.value) for r in refusals)


def test_the_table_of_faults_is_the_code_s_list(document: str) -> None:
    listed = [tuple(row) for row in table(document, "faults")]
    rejections = [BundleRejected(fault) for fault in BundleFault]
    assert listed == sorted((r.helpdesk, r.fault.value) for r in rejections)


def test_the_table_of_problems_is_the_code_s_list(document: str) -> None:
    rows = list(table(document, "problems"))
    assert {row[1]: int(row[0]) for row in rows} == {p.value: STATUS[p] for p in Problem}
    assert len(rows) == len(Problem)
    [not_allowed] = [row[2] for row in rows if row[1] == Problem.NOT_ALLOWED]
    assert str(NOT_ALLOWED_FOR_ROLE) in not_allowed


def test_the_table_of_calls_is_what_openapi_describes(document: str) -> None:
    listed = {row[0] for row in table(document, "calls")}
    paths = openapi_document("https://qupia.example")["paths"]
    described = {f"{method.upper()} {path}" for path in paths for method in paths[path]}
    assert listed == described


def test_no_help_desk_code_means_two_things() -> None:
    codes = [Refused(reason).helpdesk for reason in Reason]
    codes += [BundleRejected(fault).helpdesk for fault in BundleFault]
    assert len(codes) == len(set(codes))
