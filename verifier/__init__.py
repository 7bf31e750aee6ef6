"""A venue's device: it decides from a code, a bundle and a clock, and asks nobody.

::

    trust/       the pinned root decides which bundle is believed; ``update`` fetches newer ones
    door/        a code is decided in ten steps, without network, file or clock
    presence/    seeds become check-in codes, bindings for the decision, and exports of hours
    monitor/     an authority's whole log is read, and every bundle in it judged
    commands/    ``qupia-verifier``: set-up, scanning, check-in, retention
    web/         the page, which decides the same in a browser; ``serving`` serves its files
    deciding     the decision for a program on the same machine

``door`` and ``presence`` never import each other: 16 bytes for each hour are handed from one to the
other.

Run from the project's root:

>>> import json
>>> from pathlib import Path
>>> from schemas.trust import read_bundle
>>> from verifier.door.verification import verify
>>> doors = Path("tests/vectors/doors")
>>> case = json.loads((doors / "admit.json").read_text())
>>> bundle = read_bundle((doors / case["bundle"]).read_bytes(), anchor=case["root"]).bundle
>>> policy = bundle.policy("everyone")
>>> verify(case["text"], bundle=bundle, policy=policy, now=case["now"])
Verdict(status='green', holder='03', asks_hint=True, paper=False)

Two minutes later the same code is a picture of one:

>>> verify(case["text"], bundle=bundle, policy=policy, now=case["now"] + 120)
Traceback (most recent call last):
schemas.refusals.Refused: stale
"""
