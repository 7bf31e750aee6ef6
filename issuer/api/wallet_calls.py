"""What wallets call: activation, passes, what is held about them, the end of it."""

from typing import Any

from issuer.api.dpop import check_proof
from issuer.api.requests import Call, only_header, parse_body
from issuer.authority import Authority
from issuer.documents.bundle import load_retired
from issuer.entitlement import EntitlementClaims, activate, sign_entitlement, verify_entitlement
from issuer.issuance import (
    batch_identifier,
    check_standing,
    ended_until,
    own_keys,
    parse_batch,
    sign_batch,
    take_batches,
)
from issuer.keys.grid import list_keys
from issuer.registration.withdrawals import withdrawn_until
from schemas.encoding import format_time
from schemas.kinds import GRACE_AFTER_WINDOW, Kind


def post_entitlements(authority: Authority, call: Call, now: int) -> dict[str, Any]:
    """``{code}`` → ``{entitlement, status, holder, until}``."""
    jkt = _wallet(authority, call, now)
    body = parse_body(call, "entitlement-request")
    # A key that is not there must be noticed before it uses up the code.
    key = authority.entitlement_key
    with authority.store.transaction(now) as tx:
        entitlement = activate(tx, code=body["code"], jkt=jkt, now=now)
    return {
        "entitlement": sign_entitlement(entitlement, key=key, url=authority.config.url),
        "status": entitlement.status,
        "holder": entitlement.holder,
        "until": format_time(entitlement.until),
    }


def post_passes(authority: Authority, call: Call, now: int) -> dict[str, Any]:
    """Blind signatures for one or two batches; the markers are committed before the first."""
    jkt = _wallet(authority, call, now)
    body = parse_body(call, "passes-request")
    entitlement = _entitlement(authority, body, jkt)
    requested = body["batches"]
    keys = own_keys(
        requested,
        entitlement=entitlement,
        bundle=authority.bundle(),
        calendar=authority.policy.calendar,
        now=now,
    )
    with authority.store.transaction(now) as tx:
        check_standing(tx, entitlement)
        size = authority.config.batch_size
        batches = [
            parse_batch(key, entry["blinded"], size=size)
            for key, entry in zip(keys, requested, strict=True)
        ]
        # A key that is not there must be noticed before its batch counts as issued.
        raw_keys = [authority.raw_keys.get(key) for key in keys]
        take_batches(tx, batches, entitlement=entitlement, now=now)
    return {
        "batches": [
            {"key_id": entry["key_id"], "signatures": sign_batch(batch, raw)}
            for entry, batch, raw in zip(requested, batches, raw_keys, strict=True)
        ]
    }


def post_me(authority: Authority, call: Call, now: int) -> dict[str, Any]:
    """What is held about this wallet now, and until when."""
    entitlement = _own_entitlement(authority, call, now)
    used = _keys_used(authority, entitlement, now)
    with authority.store.transaction(now) as tx:
        held = [
            {"what": "batch", "window_ends": format_time(window_exp), "dies": format_time(end)}
            for key_id, window_exp in used.items()
            if (end := tx.expiry(Kind.BATCH, batch_identifier(entitlement, key_id))) is not None
        ]
        ends = {
            "withdrawal": withdrawn_until(tx, entitlement.rid),
            "ended": ended_until(tx, entitlement),
        }
    held += [
        {"what": what, "dies": format_time(end)} for what, end in ends.items() if end is not None
    ]
    return {"held": sorted(held, key=lambda item: item["dies"])}


def _keys_used(authority: Authority, entitlement: EntitlementClaims, now: int) -> dict[bytes, int]:
    """The keys under which the wallet may have fetched, and when the window of each ends.

    A marker outlives its window, so they are more than the bundle lists; of a retired key it is
    not known any more whose it was.
    """
    own = (entitlement.status, entitlement.holder)
    files = list_keys(authority.home.pass_keys)
    keys = {f.id: f.cell.window.exp for f in files if (f.cell.status, f.cell.holder) == own}
    retired = load_retired(authority.home, now - GRACE_AFTER_WINDOW)
    return keys | {entry.id: entry.key.window.exp for entry in retired}


def post_me_end(authority: Authority, call: Call, now: int) -> dict[str, Any]:
    """End the entitlement: nothing further is issued under it."""
    entitlement = _own_entitlement(authority, call, now)
    if now < entitlement.until:
        with authority.store.transaction(now) as tx:
            tx.put(Kind.ENDED, entitlement.jti.encode(), b"", expires=entitlement.until)
    return {"done": True}


def _wallet(authority: Authority, call: Call, now: int) -> str:
    """The thumbprint of the account key that signed the call."""
    url = authority.config.url + call.path
    proof = only_header(call, "dpop")  # RFC 9449 section 4.3: not more than one.
    return check_proof(proof, method=call.method, url=url, body=call.body, now=now)


def _own_entitlement(authority: Authority, call: Call, now: int) -> EntitlementClaims:
    jkt = _wallet(authority, call, now)
    return _entitlement(authority, parse_body(call, "me-request"), jkt)


def _entitlement(authority: Authority, body: dict[str, Any], jkt: str) -> EntitlementClaims:
    return verify_entitlement(
        body["entitlement"], key=authority.entitlement_key, url=authority.config.url, jkt=jkt
    )
