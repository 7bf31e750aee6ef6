"""A venue's device: it decides from a code, a bundle and a clock, and asks nobody.

Run from the project's root:

>>> import json
>>> from pathlib import Path
>>> from schemas.trust import read_bundle
>>> from verifier.verification import verify
>>> doors = Path("tests/vectors/doors")
>>> case = json.loads((doors / "admit.json").read_text())
>>> bundle = read_bundle((doors / case["bundle"]).read_bytes(), root=case["root"]).bundle
>>> policy = bundle.policy("everyone")
>>> verify(case["text"], bundle=bundle, policy=policy, now=case["now"])
Verdict(status='green', holder='03', asks_hint=True, paper=False)

Two minutes later the same code is a picture of one:

>>> verify(case["text"], bundle=bundle, policy=policy, now=case["now"] + 120)
Traceback (most recent call last):
schemas.refusals.Refused: stale
"""
