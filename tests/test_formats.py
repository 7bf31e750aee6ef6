"""``docs/formats.md`` is true: our code gives its vectors, and its tables are our lists."""

import json
import re
from collections.abc import Iterator
from hashlib import sha256
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from issuer.api.dpop import check_proof
from issuer.api.openapi import openapi_document
from issuer.keys.rawrsa import load_raw_key
from schemas import jws
from schemas.activation import parse_activation_url
from schemas.bundle_faults import BundleFault, BundleRejected, OddRule
from schemas.check_in import PREFIX as CHECK_IN
from schemas.check_in import format_check_in, grid_at, parse_check_in
from schemas.encoding import b64url_encode, base45_decode, base45_encode
from schemas.hour_keys import (
    AUTHORITY_LABEL,
    VENUE_LABEL,
    binding_of,
    derive_export_key,
    derive_hour_key,
    public_half,
)
from schemas.hours import hour_at
from schemas.jwk import jwk_from_key, key_from_jwk, thumbprint
from schemas.log.entries import bundle_entry, split_carried
from schemas.log.merkle import leaf_hash
from schemas.log.notes import KeyType, parse_vkey, vkey_of
from schemas.log.proofs import in_log, parse_proof
from schemas.notices import NoticesFault, NoticesRejected, accept_notices
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
from schemas.root_statements import parse_signed
from schemas.token import (
    DevicePoint,
    challenge_digest,
    spki_from_modulus,
    token_input,
    token_key_id,
)
from schemas.trace import format_trace, open_trace, parse_trace
from schemas.trust import TrustState, accept_bundle, bundle_digest
from schemas.validation import matches
from schemas.visits import HourOfStay, OpeningKeys
from tests.support.keys import RsaKey
from tests.vectors.make_formats import DOCUMENT, NOW, VECTORS, Vectors, carried, make
from verifier.door.verification import Venue, Verdict, verify
from verifier.monitor.findings import FindingKind
from wallet_sim.passes.blinding import blind, finalize

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


@pytest.mark.parametrize("name", ["base45", "base45_odd"])
def test_base45_is_as_quoted(name: str, vectors: Vectors) -> None:
    vector = vectors[name]
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


@pytest.mark.parametrize("name", ["showing", "bound"])
def test_the_showing_is_put_together_as_quoted(name: str, vectors: Vectors) -> None:
    vector = vectors[name]
    venue = UNBOUND if name == "showing" else bytes.fromhex(vectors["hour_keys"]["binding"])
    presentation = parse_presentation(vector["qr"])
    [token] = unhex(vectors["issuance"], "token")
    assert slot_at(int(vector["time"])) == presentation.slot == int(vector["slot"])
    message = proof_message(token=token, slot=presentation.slot, venue=venue)
    assert message.hex() == vector["proof_message"]
    assert sha256(token).hexdigest() == vector["token_digest"]
    assert venue.hex() == vector["venue"]
    assert presentation.proof.hex() == vector["proof"]
    assert presentation.fingerprint.hex() == vectors["device"]["fingerprint"]
    assert base45_decode(vector["qr"].removeprefix("QP1:")).hex() == vector["code"]
    assert format_presentation(presentation) == vector["qr"]


def accepted(vectors: Vectors) -> Any:
    state = TrustState(anchor=vectors["root_statement"]["anchor"])
    return accept_bundle(carried_bundle(vectors), state=state, now=NOW).bundle


def carried_bundle(vectors: Vectors) -> bytes:
    return carried(vectors["bundle"]["jws"], vectors["proof"])


def test_the_quoted_statement_is_signed_and_named_as_quoted(vectors: Vectors) -> None:
    vector = vectors["root_statement"]
    [carried_statement] = vectors["bundle_payload"]["delegations"]
    signed = parse_signed(carried_statement)
    statement = signed.statement
    assert json.loads(statement.payload) == vectors["root_statement_payload"]
    assert b64url_encode(statement.payload) == vector["payload"]
    assert (statement.anchor, statement.entry.hex()) == (vector["anchor"], vector["entry"])
    public = jwk_from_key(scalar_key(vector["d"]).public_key())
    assert signed.signed_by(statement.roots) == {vector["kid"]} == {thumbprint(public)}
    assert matches("root-statement", vectors["root_statement_payload"])


def test_the_log_s_key_is_written_as_quoted(vectors: Vectors) -> None:
    vector = vectors["log_key"]
    key = parse_vkey(vector["vkey"], type=KeyType.ED25519)
    assert (key.id.hex(), key.public.hex()) == (vector["id"], vector["public"])
    private = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(vector["private"]))
    assert vkey_of(private, name=key.name, type=KeyType.ED25519) == key


def test_the_quoted_proof_shows_the_quoted_bundle_in_the_log(vectors: Vectors) -> None:
    vector = vectors["proof"]
    text, proof_text = split_carried(carried_bundle(vectors))
    proof = parse_proof(proof_text)
    assert bundle_entry(text).hex() == vector["entry"]
    assert leaf_hash(bundle_entry(text)).hex() == vector["leaf"]
    assert proof.tail.data.hex() == vector["extra"]
    assert proof.text.splitlines() == vector["lines"]
    key = parse_vkey(vectors["log_key"]["vkey"], type=KeyType.ED25519)
    assert in_log(bundle_entry(text), proof, log_key=key).size == 1


def test_the_quoted_bundle_has_the_quoted_digest_and_etag(vectors: Vectors) -> None:
    vector = vectors["bundle"]
    assert bundle_digest(vector["jws"].encode()) == vector["digest"]
    assert bundle_digest(carried_bundle(vectors)) == vector["etag"]


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
    state = TrustState(anchor=vectors["bundle"]["kid"])
    with pytest.raises(BundleRejected) as rejected:
        accept_bundle(carried_bundle(vectors), state=state, now=NOW)
    assert rejected.value.fault is BundleFault.UNKNOWN_ROOT


@pytest.mark.parametrize(
    ("name", "typ", "shape"),
    [
        ("bundle", jws.Typ.TRUST, "trust-bundle"),
        ("retention", jws.Typ.RETENTION, "retention-statement"),
        ("notices", jws.Typ.NOTICES, "notices"),
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
    named = vector["digest"] if name == "bundle" else vector["etag"]
    assert bundle_digest(vector["jws"].encode()) == named


@pytest.mark.parametrize(
    ("name", "typ"), [("retention", jws.Typ.RETENTION), ("notices", jws.Typ.NOTICES)]
)
def test_the_quoted_bundle_names_the_key_of_each_quoted_statement(
    name: str, typ: jws.Typ, vectors: Vectors
) -> None:
    [key] = [key for key in accepted(vectors).service_keys if key["typ"] == typ]
    statement = jws.parse(vectors[name]["jws"])
    assert key["kid"] == statement.unverified_header["kid"]
    payload = jws.verify(statement, typ=typ, key=key_from_jwk(key))
    assert payload == vectors[f"{name}_payload"]


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
    assert link.root == vectors["root_statement"]["anchor"]


def test_the_quoted_reference_gives_the_quoted_rid(vectors: Vectors) -> None:
    vector = vectors["reference"]
    assert normalise_reference(vector["reference"]) == vector["normalised"]
    assert derive_rid(bytes.fromhex(vector["reference_key"]), vector["reference"]) == vector["rid"]


def test_the_hour_keys_come_from_the_quoted_seeds(vectors: Vectors) -> None:
    vector = vectors["hour_keys"]
    hour = int(vector["hour"])
    assert hour == hour_at(NOW)
    for holder, label in (("venue", VENUE_LABEL), ("authority", AUTHORITY_LABEL)):
        key = derive_hour_key(bytes.fromhex(vector[f"{holder}_seed"]), hour, label=label)
        assert key.hex() == vector[f"{holder}_private"]
        assert public_half(key).hex() == vector[f"{holder}_public"]
    assert binding_of(bytes.fromhex(vector["venue_public"])).hex() == vector["binding"]
    assert accepted(vectors).tracing[hour].hex() == vector["authority_public"]


def test_the_quoted_check_in_code_is_read_and_written(vectors: Vectors) -> None:
    vector, keys = vectors["check_in"], vectors["hour_keys"]
    code = parse_check_in(vector["qr"])
    assert (code.name, code.grid.hex()) == (vector["name"], vector["grid"])
    assert code.first_hour == int(vector["first_hour"]) == hour_at(NOW - 120)
    assert base45_decode(vector["qr"].removeprefix(CHECK_IN)).hex() == vector["code"]
    assert format_check_in(code) == vector["qr"]
    public = code.key_at(int(keys["hour"]))
    assert public is not None
    assert public.hex() == keys["venue_public"]
    assert code.grid == grid_at(accepted(vectors), NOW)


def quoted_venue(vectors: Vectors, *, strict: bool) -> Venue:
    return Venue(parse_check_in(vectors["check_in"]["qr"]).bindings(), strict)


@pytest.mark.parametrize("strict", [False, True])
def test_the_venue_of_the_quoted_code_admits_the_quoted_bound_pass(
    strict: bool, vectors: Vectors
) -> None:
    bundle, venue = accepted(vectors), quoted_venue(vectors, strict=strict)
    text = vectors["bound"]["qr"]
    verdict = verify(text, bundle=bundle, policy=bundle.policy(None), now=NOW, venue=venue)
    assert verdict.status == "green"


@pytest.mark.parametrize(
    ("name", "is_strict", "reason"),
    [
        pytest.param("bound", None, Reason.BAD_PROOF, id="bound, without a code"),
        pytest.param("showing", True, Reason.NOT_BOUND, id="unbound, at a strict venue"),
    ],
)
def test_a_quoted_pass_is_refused_where_the_other_kind_is_asked_for(
    name: str, is_strict: bool | None, reason: Reason, vectors: Vectors
) -> None:
    bundle = accepted(vectors)
    venue = None if is_strict is None else quoted_venue(vectors, strict=is_strict)
    with pytest.raises(Refused) as refused:
        verify(vectors[name]["qr"], bundle=bundle, policy=bundle.policy(None), now=NOW, venue=venue)
    assert refused.value.reason is reason


def test_the_quoted_notice_opens_the_quoted_record(vectors: Vectors) -> None:
    """The wallet's whole part, from the list that it fetches to what it can say."""
    vector, payload = vectors["visit"], vectors["notices_payload"]
    text, bundle = vectors["notices"]["jws"].encode(), accepted(vectors)
    listed = accept_notices(text, bundle=bundle, seen={}, now=payload["iat"])
    [notice] = listed.notices
    keys = OpeningKeys(notice.hour, venue=notice.venue_key, authority=notice.authority_key)
    stay = keys.open(bytes.fromhex(vector["record"]))
    assert stay == HourOfStay(*(int(vector[name]) for name in ("hour", "arrive", "leave")))
    assert vector["plain"] == f"{stay.arrive:08x}{stay.leave:08x}"
    assert notice.venue_key.hex() == vectors["hour_keys"]["venue_private"]
    assert listed.digest == vectors["notices"]["etag"]


def test_the_authority_opens_the_quoted_file_and_finds_the_hour_that_it_publishes(
    vectors: Vectors,
) -> None:
    trace = parse_trace(json.dumps(vectors["trace_file"]).encode())
    assert json.loads(format_trace(trace)) == vectors["trace_file"]
    assert trace.sealed.hex() == vectors["trace"]["sealed"]
    seed = bytes.fromhex(vectors["hour_keys"]["authority_seed"])
    key = derive_export_key(seed, trace.day)
    assert (key.hex(), str(trace.day)) == (
        vectors["trace"]["authority_private"],
        vectors["trace"]["day"],
    )
    public = public_half(key)
    assert public.hex() == vectors["trace"]["authority_public"]
    assert accepted(vectors).tracing_exports == {trace.day: public}
    hours = open_trace(trace, key)
    plain = b"".join(hour.to_bytes(4, "big") + key for hour, key in hours.items())
    assert plain.hex() == vectors["trace"]["plain"]
    [notice] = vectors["notices_payload"]["notices"]
    assert b64url_encode(hours[notice["hour"]]) == notice["venue_key"]


def test_the_table_of_faults_of_a_list_is_the_code_s_list(document: str) -> None:
    listed = [tuple(row) for row in table(document, "notices faults")]
    rejections = [NoticesRejected(fault) for fault in NoticesFault]
    assert listed == sorted((r.helpdesk, r.fault.value) for r in rejections)


def test_the_table_of_reasons_is_the_code_s_list(document: str) -> None:
    listed = [tuple(row[:3]) for row in table(document, "reasons")]
    refusals = [Refused(reason) for reason in Reason]
    assert listed == sorted((r.helpdesk, r.reason.value, r.outcome.value) for r in refusals)


def test_the_table_of_faults_is_the_code_s_list(document: str) -> None:
    listed = [tuple(row) for row in table(document, "faults")]
    rejections = [BundleRejected(fault) for fault in BundleFault]
    assert listed == sorted((r.helpdesk, r.fault.value) for r in rejections)


def test_the_table_of_odd_rules_is_the_code_s_list(document: str) -> None:
    assert [row[0] for row in table(document, "odd rules")] == [rule.value for rule in OddRule]


def test_the_table_of_findings_is_the_code_s_list(document: str) -> None:
    assert [row[0] for row in table(document, "findings")] == [kind.value for kind in FindingKind]


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
    codes += [NoticesRejected(fault).helpdesk for fault in NoticesFault]
    assert len(codes) == len(set(codes))
