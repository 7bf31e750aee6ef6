"""Feeds one reader by coverage: ``python -m tests.support.coverage_fuzzer NAME -runs=N -seed=N``.

What follows the name goes to libFuzzer, through atheris. It writes the input that broke something
into the current folder; its name begins with ``crash-``.
"""

import sys

import atheris

with atheris.instrument_imports(include=["schemas", "verifier"]):
    from tests.support.parsers import feed


def main(name: str, *options: str) -> None:
    atheris.Setup([sys.argv[0], *options], lambda data: feed(name, data) and None)
    atheris.Fuzz()


if __name__ == "__main__":
    main(*sys.argv[1:])
