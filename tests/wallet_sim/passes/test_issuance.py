"""Requests and finished batches, honest and hostile, without network or file."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from schemas.bundle import PassKey, TrustBundle
from schemas.encoding import b64url_decode, b64url_encode
from schemas.kinds import HOUR
from schemas.token import TOKEN_INPUT_BYTES
from schemas.validation import matches
from tests.support.keys import rsa_key
from tests.support.world import NOON, World
from wallet_sim.passes.issuance import (
    drop_retired,
    finish,
    new_request,
    pass_input,
    passes_body,
    request_missing,
    store_batches,
    store_requests,
)
from wallet_sim.passes.schedule import wanted_windows
from wallet_sim.passes.state import (
    Batch,
    BatchFault,
    Entitlement,
    Names,
    PendingBatch,
    Wallet,
    drop_past,
)

Answer = dict[str, Any]


@pytest.fixture
def bundle(world: World) -> TrustBundle:
    return world.accepted(NOON)


@pytest.fixture
def entitlement(bundle: TrustBundle) -> Entitlement:
    until = bundle.windows[-1].exp
    return Entitlement("e.e.e", b"k", "green", Names("Ж", "З", "G"), None, until)


@pytest.fixture
def key(bundle: TrustBundle) -> PassKey:
    found = bundle.key_for(status="green", holder=None, window=bundle.windows[0])
    assert found is not None
    return found


@pytest.fixture
def requests(bundle: TrustBundle, entitlement: Entitlement) -> tuple[PendingBatch, ...]:
    return request_missing(Wallet(entitlement=entitlement), bundle.windows[:2], bundle=bundle)


def answer_to(world: World, requests: tuple[PendingBatch, ...]) -> Answer:
    return {
        "batches": [
            {
                "key_id": b64url_encode(request.key_id),
                "signatures": [
                    b64url_encode(world.sign_blinded(request.key_id, item.blinded))
                    for item in request.passes
                ],
            }
            for request in requests
        ]
    }


def test_both_windows_are_asked_for_at_the_size_of_the_bundle(
    bundle: TrustBundle, requests: tuple[PendingBatch, ...]
) -> None:
    assert [request.window for request in requests] == list(bundle.windows[:2])
    assert [len(request.passes) for request in requests] == [bundle.batch_size] * 2


def test_a_request_has_the_form_that_the_issuer_validates(
    entitlement: Entitlement, requests: tuple[PendingBatch, ...]
) -> None:
    body = passes_body(entitlement, requests)
    assert matches("passes-request", body)
    assert [batch["key_id"] for batch in body["batches"]] == [
        b64url_encode(request.key_id) for request in requests
    ]
    for batch, request in zip(body["batches"], requests, strict=True):
        assert [b64url_decode(value) for value in batch["blinded"]] == [
            item.blinded for item in request.passes
        ]


def test_device_keys_and_blinded_values_are_all_different(
    requests: tuple[PendingBatch, ...],
) -> None:
    items = [item for request in requests for item in request.passes]
    for values in ([i.device_key for i in items], [i.blinded for i in items]):
        assert len(set(values)) == len(items)


def test_only_the_key_of_the_own_status_hint_and_window_is_used(
    world: World, bundle: TrustBundle, requests: tuple[PendingBatch, ...]
) -> None:
    for request, window in zip(requests, bundle.windows, strict=False):
        assert request.key_id == world.key(window, status="green").id
        assert request.modulus == world.key(window, status="green").modulus


def test_nothing_is_asked_where_the_bundle_has_no_such_cell(
    bundle: TrustBundle, entitlement: Entitlement
) -> None:
    for other in (replace(entitlement, status="violet"), replace(entitlement, holder="03")):
        wallet = Wallet(entitlement=other)
        assert request_missing(wallet, bundle.windows[:2], bundle=bundle) == ()


def test_nothing_is_asked_without_an_entitlement(bundle: TrustBundle) -> None:
    assert request_missing(Wallet(), bundle.windows[:2], bundle=bundle) == ()


def test_a_window_whose_batch_is_held_is_not_asked_for_even_when_it_is_used_up(
    bundle: TrustBundle, entitlement: Entitlement, requests: tuple[PendingBatch, ...]
) -> None:
    held = Batch(requests[0].key_id, requests[0].window, ())
    wallet = Wallet(entitlement=entitlement, batches=(held,))
    [asked] = request_missing(wallet, bundle.windows[:2], bundle=bundle)
    assert asked.window == bundle.windows[1]


def test_a_request_that_waits_is_sent_again_the_same(
    bundle: TrustBundle, entitlement: Entitlement, requests: tuple[PendingBatch, ...]
) -> None:
    wallet = store_requests(Wallet(entitlement=entitlement), requests)
    assert request_missing(wallet, bundle.windows[:2], bundle=bundle) == requests
    assert request_missing(wallet, bundle.windows[:1], bundle=bundle) == requests[:1]


def test_storing_a_request_keeps_those_of_other_windows(
    requests: tuple[PendingBatch, ...],
) -> None:
    wallet = store_requests(Wallet(), requests[1:])
    assert store_requests(wallet, requests[:1]).pending == (requests[1], requests[0])
    assert store_requests(wallet, requests[1:]).pending == requests[1:]


def test_an_honest_answer_becomes_passes_that_verify(
    world: World, bundle: TrustBundle, requests: tuple[PendingBatch, ...]
) -> None:
    batches = finish(requests, answer_to(world, requests), challenge=bundle.challenge)
    for batch, request in zip(batches, requests, strict=True):
        assert (batch.key_id, batch.window, batch.fault) == (request.key_id, request.window, None)
        key = bundle.key_for(status="green", holder=None, window=batch.window)
        assert key is not None
        for item in batch.passes:
            message = pass_input(item.device_key, challenge=bundle.challenge, key_id=key.id)
            assert len(message) == TOKEN_INPUT_BYTES
            key.public_key.verify(
                item.signature,
                message,
                padding.PSS(padding.MGF1(hashes.SHA384()), 48),
                hashes.SHA384(),
            )


def test_nothing_of_the_request_is_left_in_a_finished_batch(
    world: World, bundle: TrustBundle, requests: tuple[PendingBatch, ...]
) -> None:
    wallet = store_requests(Wallet(), requests)
    batches = finish(requests, answer_to(world, requests), challenge=bundle.challenge)
    stored = store_batches(wallet, requests, batches, now=NOON)
    assert stored.pending == ()
    held = {value for batch in stored.batches for p in batch.passes for value in vars(p).values()}
    for request in requests:
        for item in request.passes:
            assert item.blinded not in held
            assert item.inverse not in held


def _one_signature_too_few(answer: Answer) -> None:
    answer["batches"][0]["signatures"].pop()


def _one_signature_too_many(answer: Answer) -> None:
    answer["batches"][0]["signatures"].append(answer["batches"][0]["signatures"][0])


def _a_repeated_signature(answer: Answer) -> None:
    answer["batches"][0]["signatures"][1] = answer["batches"][0]["signatures"][0]


def _two_signatures_swapped(answer: Answer) -> None:
    signatures = answer["batches"][0]["signatures"]
    signatures[0], signatures[1] = signatures[1], signatures[0]


def _one_flipped_bit(answer: Answer) -> None:
    data = bytearray(b64url_decode(answer["batches"][0]["signatures"][2]))
    data[100] ^= 1
    answer["batches"][0]["signatures"][2] = b64url_encode(bytes(data))


def _not_canonical(answer: Answer) -> None:
    """342 characters hold 2052 bits; the last four must be zero."""
    text = answer["batches"][0]["signatures"][0]
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    answer["batches"][0]["signatures"][0] = text[:-1] + alphabet[alphabet.index(text[-1]) + 1]


def _all_zero(answer: Answer) -> None:
    answer["batches"][0]["signatures"][0] = "A" * 342


HOSTILE = [
    _one_signature_too_few,
    _one_signature_too_many,
    _a_repeated_signature,
    _two_signatures_swapped,
    _one_flipped_bit,
    _not_canonical,
    _all_zero,
]


@pytest.mark.parametrize("spoil", HOSTILE, ids=lambda f: f.__name__.strip("_"))
def test_one_wrong_signature_discards_its_whole_batch_and_no_other(
    world: World,
    bundle: TrustBundle,
    requests: tuple[PendingBatch, ...],
    spoil: Callable[[Answer], None],
) -> None:
    answer = answer_to(world, requests)
    spoil(answer)
    assert matches("passes-answer", answer)
    bad, good = finish(requests, answer, challenge=bundle.challenge)
    assert bad == Batch(requests[0].key_id, requests[0].window, (), BatchFault.BAD_ANSWER)
    assert good.fault is None
    assert len(good.passes) == bundle.batch_size


def test_signatures_under_another_key_discard_the_batch(
    world: World, bundle: TrustBundle, requests: tuple[PendingBatch, ...]
) -> None:
    answer = answer_to(world, requests)
    other = rsa_key(100)
    answer["batches"][0]["signatures"] = [
        b64url_encode(other.sign_raw(item.blinded)) for item in requests[0].passes
    ]
    bad, _ = finish(requests, answer, challenge=bundle.challenge)
    assert bad.fault is BatchFault.BAD_ANSWER


@pytest.mark.parametrize("change", ["other id", "swapped", "one missing", "one more"])
def test_an_answer_for_other_keys_than_those_asked_for_discards_everything(
    world: World, bundle: TrustBundle, requests: tuple[PendingBatch, ...], change: str
) -> None:
    answer = answer_to(world, requests)
    batches = answer["batches"]
    if change == "other id":
        batches[0]["key_id"] = b64url_encode(world.key(bundle.windows[0], status="blue").id)
    if change == "swapped":
        batches.reverse()
    if change == "one missing":
        batches.pop()
    if change == "one more":
        batches.append(batches[0])
    finished = finish(requests, answer, challenge=bundle.challenge)
    assert [batch.fault for batch in finished] == [BatchFault.BAD_ANSWER] * 2
    assert [batch.passes for batch in finished] == [(), ()]


def test_an_answer_to_a_request_that_no_longer_waits_is_ignored(
    world: World, bundle: TrustBundle, key: PassKey
) -> None:
    sent = (new_request(key, bundle=bundle),)
    waiting = store_requests(Wallet(), (new_request(key, bundle=bundle),))
    batches = finish(sent, answer_to(world, sent), challenge=bundle.challenge)
    assert store_batches(waiting, sent, batches, now=NOON) == waiting


def test_passes_and_requests_under_a_retired_key_are_dropped_and_others_kept(
    world: World, bundle: TrustBundle, entitlement: Entitlement
) -> None:
    first, second = request_missing(
        Wallet(entitlement=entitlement), bundle.windows[:2], bundle=bundle
    )
    held = tuple(Batch(request.key_id, request.window, ()) for request in (first, second))
    wallet = Wallet(entitlement=entitlement, batches=held, pending=(first, second))
    world.retire(first.window)
    renewed = world.accepted(NOON + 60)
    left = drop_retired(wallet, renewed)
    assert left.batches == held[1:]
    assert left.pending == (second,)
    windows = wanted_windows(left, renewed, now=NOON + 60)
    assert request_missing(left, windows, bundle=renewed)[0].key_id == world.key(first.window).id


def test_a_batch_whose_key_retires_later_stays_until_then_and_is_asked_for_anew(
    world: World, bundle: TrustBundle, entitlement: Entitlement
) -> None:
    [request] = request_missing(Wallet(entitlement=entitlement), bundle.windows[:1], bundle=bundle)
    held = Batch(request.key_id, request.window, ())
    wallet = Wallet(entitlement=entitlement, batches=(held,), pending=(request,))
    world.retire(request.window, at=NOON + HOUR)
    renewed = world.accepted(NOON + 60)
    left = drop_retired(wallet, renewed)
    assert left.batches == (replace(held, retires=NOON + HOUR),)
    assert left.pending == ()
    asked = request_missing(left, bundle.windows[:1], bundle=renewed)
    assert [one.key_id for one in asked] == [world.key(request.window).id]
    assert drop_past(left, NOON + HOUR - 1).batches == left.batches
    assert drop_past(left, NOON + HOUR).batches == ()


def test_a_window_beyond_the_bundle_is_kept_until_a_bundle_tells_about_it(
    world: World, bundle: TrustBundle, entitlement: Entitlement
) -> None:
    beyond = Batch(bytes(32), world.calendar.next_window(bundle.windows[-1]), ())
    wallet = Wallet(entitlement=entitlement, batches=(beyond,))
    assert drop_retired(wallet, bundle) == wallet
    retired = replace(bundle, retired={bytes(32): 0})
    assert drop_retired(wallet, retired).batches == ()
