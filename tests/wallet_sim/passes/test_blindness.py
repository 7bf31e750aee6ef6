"""Blindness holds for every modulus: what an issuer saw and a finished pass are independent.

Toy moduli are enumerated: all encoded messages m, blinds r and answers y, whatever the modulus n is
made of and whatever e has in common with its order. The wallet's own arithmetic is used; only the
encoding and the exponent are replaced. An answer that does not verify is discarded.
"""

import math
from collections import Counter
from collections.abc import Iterator
from itertools import product

import pytest

from schemas.token import PUBLIC_EXPONENT
from tests.support.keys import rsa_key
from wallet_sim.passes import blinding
from wallet_sim.passes.blinding import BlindingError, blind, finalize

EXPONENTS = (2, 3, 65537)
"""For nearly every modulus below one of them has a factor in common with its order."""

MODULI = range(2, 34)
"""Among them primes, squares, powers, products of two and three primes, and even numbers."""

Request = tuple[int, int]
"""A blinded message, and the answer to it: all that an issuer sees."""

Pass = tuple[int, int]
"""An encoded message and its signature: all that is ever shown."""


@pytest.fixture(params=EXPONENTS)
def e(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    exponent: int = request.param
    monkeypatch.setattr(blinding, "PUBLIC_EXPONENT", exponent)
    monkeypatch.setattr(blinding, "_emsa_pss_encode", lambda message, *_: message)
    return exponent


def units(n: int) -> list[int]:
    return [number for number in range(1, n) if math.gcd(number, n) == 1]


def one_byte(number: int) -> bytes:
    return number.to_bytes(1, "big")


def blinded(m: int, r: int, n: int) -> blinding.Blinded | None:
    """What a wallet sends; None where it sends nothing."""
    try:
        return blinding._blind_with(one_byte(m), n=n, salt=b"", r=r)
    except BlindingError:
        return None


def finished(n: int, e: int) -> Iterator[tuple[Request, Pass]]:
    """Each way to a pass that verifies: one for each message, blind and answer."""
    for m, r in product(range(n), range(1, n)):
        sent = blinded(m, r, n)
        if sent is None:
            continue
        for y in range(n):
            s = blinding._unblind(one_byte(y), n=n, inverse=sent.inverse)[0]
            if pow(s, e, n) == m:
                yield (sent.message[0], y), (m, s)


@pytest.mark.parametrize("n", MODULI)
def test_for_every_modulus_each_pass_has_one_blind_for_each_request_that_was_answered(
    n: int, e: int
) -> None:
    """An answer depends on the request alone, so no way of answering makes one pass likelier."""
    ways = Counter(finished(n, e))
    requests, passes = ({way[side] for way in ways} for side in (0, 1))
    assert ways == Counter(product(requests, passes))
    assert requests == {(pow(y, e, n), y) for y in units(n)}


@pytest.mark.parametrize("n", MODULI)
def test_for_every_modulus_messages_that_can_be_signed_look_alike_before_the_answer(
    n: int, e: int
) -> None:
    """Others may show to what part of the numbers they belong; no answer to them verifies."""
    can_be_signed = {m for _, (m, _) in finished(n, e)}
    assert can_be_signed == {pow(s, e, n) for s in units(n)}
    sent = {
        m: Counter(made.message for r in range(1, n) if (made := blinded(m, r, n)) is not None)
        for m in can_be_signed
    }
    assert len({frozenset(seen.items()) for seen in sent.values()}) <= 1


@pytest.mark.parametrize("n", MODULI)
def test_what_has_a_factor_in_common_with_the_modulus_is_never_sent(n: int, e: int) -> None:
    sent = {(m, r) for m, r in product(range(n), range(1, n)) if blinded(m, r, n) is not None}
    assert sent == set(product(units(n), units(n)))


# Moduli of the right length

PRIME_OF_RFC_3526 = int(
    "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74"
    "020BBEA63B139B22514A08798E3404DDEF9519B3CD3A431B302B0A6DF25F1437"
    "4FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED"
    "EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF05"
    "98DA48361C55D39A69163FA8FD24CF5F83655D23DCA3AD961C62F356208552BB"
    "9ED529077096966D670C354E4ABC9804F1746C08CA18217C32905E462E36CE3B"
    "E39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF695581718"
    "3995497CEA956AE515D2261898FA051015728E5A8AACAA68FFFFFFFFFFFFFFFF",
    16,
)
"""Section 3."""

P = rsa_key(0).p
POWER_OF_3 = 646
DISHONEST = {
    "a prime": (PRIME_OF_RFC_3526, PRIME_OF_RFC_3526 - 1),
    "a square": (P * P, P * (P - 1)),
    "a small factor": (3**POWER_OF_3 * P, 2 * 3 ** (POWER_OF_3 - 1) * (P - 1)),
}
"""Moduli that no honest issuer has, each with the order of its units."""


def fetched(message: bytes, n: int, d: int) -> tuple[int, int, int]:
    """A request, its answer and the signature, tried until nothing shares a factor with ``n``."""
    while True:
        try:
            sent = blind(message, n=n)
            break
        except BlindingError:
            continue
    answer = pow(int.from_bytes(sent.message, "big"), d, n)
    signature = finalize(message, answer.to_bytes(256, "big"), n=n, inverse=sent.inverse)
    return int.from_bytes(sent.message, "big"), answer, int.from_bytes(signature, "big")


@pytest.mark.parametrize("kind", DISHONEST)
def test_under_a_dishonest_modulus_every_pass_could_have_come_from_every_request(
    kind: str,
) -> None:
    n, order = DISHONEST[kind]
    e, d = PUBLIC_EXPONENT, pow(PUBLIC_EXPONENT, -1, order)
    assert n.bit_length() == 2048
    three = [fetched(f"pass {number}".encode(), n, d) for number in range(3)]
    for (request, answer, _), (_, _, signature) in product(three, three):
        r = answer * pow(signature, -1, n) % n
        assert pow(signature, e, n) * pow(r, e, n) % n == request
        assert answer * pow(r, -1, n) % n == signature
