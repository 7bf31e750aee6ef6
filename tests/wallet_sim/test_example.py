"""The worked example at the head of the package runs."""

import doctest

import schemas.codec
import wallet_sim
import wallet_sim.presence
from tests.support.keys import rsa_key


def test_the_example_of_the_package_does_what_it_shows() -> None:
    key = rsa_key(0)
    result = doctest.testmod(wallet_sim, extraglobs={"example_key": lambda: (key.n, key.d)})
    assert (result.attempted, result.failed) == (8, 0)


def test_the_example_of_the_codec_does_what_it_shows() -> None:
    result = doctest.testmod(schemas.codec)
    assert (result.attempted, result.failed) == (3, 0)


def test_the_example_of_presence_tracing_does_what_it_shows() -> None:
    result = doctest.testmod(wallet_sim.presence)
    assert (result.attempted, result.failed) == (13, 0)
