"""From a cell of the grid to finished passes. Nothing here does I/O.

Bytes and request are docs/formats.md, "Blinding" and "Fetching passes".

A request is made once, stored, and sent as often as necessary. What comes back is either a whole
batch of passes that verify, or none.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from schemas.bundle import PassKey, TrustBundle
from schemas.encoding import b64url_decode, b64url_encode
from schemas.kinds import MINUTE
from schemas.token import COORDINATE_BYTES, DevicePoint, token_input
from schemas.windows import Window
from wallet_sim.passes.account import load_private_key, new_private_key
from wallet_sim.passes.blinding import BlindingError, blind, finalize
from wallet_sim.passes.state import (
    Batch,
    BatchFault,
    Entitlement,
    Pass,
    PendingBatch,
    PendingPass,
    Wallet,
    close,
)

PASSES_PATH = "/v1/passes"

MOST_BATCHES = 2
"""Of a request: for the current and the next window."""

CAME_GRID = 10 * MINUTE
"""Seconds to which it is kept when passes came."""


def device_point(device_key: bytes) -> DevicePoint:
    """The public half of a device key."""
    numbers = load_private_key(device_key).public_key().public_numbers()
    return DevicePoint(
        numbers.x.to_bytes(COORDINATE_BYTES, "big"), numbers.y.to_bytes(COORDINATE_BYTES, "big")
    )


def pass_input(device_key: bytes, *, challenge: bytes, key_id: bytes) -> bytes:
    """The 98 bytes that the issuer signs without seeing them."""
    return token_input(nonce=device_point(device_key).nonce, challenge=challenge, key_id=key_id)


def request_missing(
    wallet: Wallet, windows: Sequence[Window], *, bundle: TrustBundle
) -> tuple[PendingBatch, ...]:
    """The requests of ``windows`` that are to be sent: those that wait, and fresh ones.

    Nothing is asked for a window of which the wallet has a batch, however little is left of it,
    unless its key was withdrawn.
    """
    if wallet.entitlement is None:
        return ()
    held = {batch.window for batch in wallet.batches if batch.retires is None}
    waiting = {batch.window: batch for batch in wallet.pending}
    keys = {window: _own_key(wallet.entitlement, bundle, window) for window in windows}
    return tuple(
        waiting.get(window) or new_request(key, bundle=bundle)
        for window, key in keys.items()
        if key is not None and window not in held
    )


def store_requests(wallet: Wallet, requests: Sequence[PendingBatch]) -> Wallet:
    """``wallet`` with requests that are about to be sent."""
    windows = {request.window for request in requests}
    others = (held for held in wallet.pending if held.window not in windows)
    return replace(wallet, pending=(*others, *requests))


def new_request(key: PassKey, *, bundle: TrustBundle) -> PendingBatch:
    """A batch of blinded values under ``key``, each with a device key of its own."""
    return PendingBatch(
        key.id,
        key.modulus,
        key.window,
        tuple(_new_pass(key, bundle.challenge) for _ in range(bundle.batch_size)),
    )


def passes_body(entitlement: Entitlement, requests: Sequence[PendingBatch]) -> dict[str, Any]:
    """What ``POST /v1/passes`` takes: one batch or two, which make a request of one length."""
    batches = [_batch_members(request) for request in requests]
    missing = MOST_BATCHES - len(batches)
    one_more = f",{json.dumps(batches[0], separators=(',', ':'))}" if batches else ""
    pad = " " * (missing * len(one_more))
    return {"entitlement": entitlement.token, "batches": batches, "pad": pad}


def _batch_members(request: PendingBatch) -> dict[str, Any]:
    return {
        "key_id": b64url_encode(request.key_id),
        "blinded": [b64url_encode(item.blinded) for item in request.passes],
    }


def finish(
    requests: Sequence[PendingBatch], answer: Mapping[str, Any], *, challenge: bytes
) -> tuple[Batch, ...]:
    """The batches of an answer to ``requests``; one without passes where anything is wrong.

    ``answer`` has the shape of its schema. Blinds and requests are not part of the result.
    """
    answered = [entry["key_id"] for entry in answer["batches"]]
    if answered != [b64url_encode(request.key_id) for request in requests]:
        return tuple(faulty(request, BatchFault.BAD_ANSWER) for request in requests)
    return tuple(
        _finish_batch(request, entry["signatures"], challenge)
        for request, entry in zip(requests, answer["batches"], strict=True)
    )


def faulty(request: PendingBatch, fault: BatchFault) -> Batch:
    """A batch that stands for a window whose passes are lost."""
    return Batch(request.key_id, request.window, (), fault)


def store_batches(
    wallet: Wallet, requests: Sequence[PendingBatch], batches: Sequence[Batch], *, now: int
) -> Wallet:
    """``wallet`` with the batches whose requests it still waits for, which are thereby erased."""
    for request, batch in zip(requests, batches, strict=True):
        if request in wallet.pending:
            replaced = [held.window for held in wallet.batches if held.window == batch.window]
            came = now - now % CAME_GRID if batch.window.contains(now) else None
            wallet = close(wallet, replaced).with_batch(replace(batch, came=came))
    return wallet


def drop_retired(wallet: Wallet, bundle: TrustBundle) -> Wallet:
    """Without batches and requests under keys that the bundle no longer has.

    No venue would know such a pass, and each cell has a new key, so they can be had anew: if their
    holder wishes, because the few who ask soon are told by the time. A batch whose key has a time
    ahead stays until then; nothing more is signed under such a key.
    """
    retires = {key.id: bundle.retired[key.id] for key in bundle.retiring}
    batches = tuple(replace(held, retires=retires.get(held.key_id)) for held in wallet.batches)
    kept = tuple(b for b in batches if b.retires or _is_current(b, wallet, bundle))
    return replace(
        close(wallet, [held.window for held in batches if held not in kept]),
        batches=kept,
        pending=tuple(held for held in wallet.pending if _is_current(held, wallet, bundle)),
    )


def _is_current(held: Batch | PendingBatch, wallet: Wallet, bundle: TrustBundle) -> bool:
    if held.key_id in bundle.retired:
        return False
    if held.window.nbf >= bundle.windows[-1].exp:
        return True  # Beyond what this bundle lists; the next one will tell.
    key = _own_key(wallet.entitlement, bundle, held.window)
    return key is not None and key.id == held.key_id


def _own_key(
    entitlement: Entitlement | None, bundle: TrustBundle, window: Window
) -> PassKey | None:
    """The one key that this wallet may ask for; there is no other way to choose a key."""
    if entitlement is None:
        return None
    return bundle.key_for(status=entitlement.status, holder=entitlement.holder, window=window)


def _new_pass(key: PassKey, challenge: bytes) -> PendingPass:
    device_key = new_private_key()
    message = pass_input(device_key, challenge=challenge, key_id=key.id)
    blinded = blind(message, n=int.from_bytes(key.modulus, "big"))
    return PendingPass(device_key, blinded.message, blinded.inverse)


def _finish_batch(request: PendingBatch, signatures: Sequence[str], challenge: bytes) -> Batch:
    """One wrong signature discards all: the issuer may be trying to single wallets out."""
    try:
        passes = tuple(
            _finish_pass(request, item, b64url_decode(signature), challenge)
            for item, signature in zip(request.passes, signatures, strict=True)
        )
    except (BlindingError, ValueError):
        return faulty(request, BatchFault.BAD_ANSWER)
    return Batch(request.key_id, request.window, passes)


def _finish_pass(
    request: PendingBatch, item: PendingPass, signature: bytes, challenge: bytes
) -> Pass:
    message = pass_input(item.device_key, challenge=challenge, key_id=request.key_id)
    n = int.from_bytes(request.modulus, "big")
    return Pass(item.device_key, finalize(message, signature, n=n, inverse=item.inverse))
