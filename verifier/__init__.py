"""A venue's device: it decides from a code, a bundle and a clock, and asks nobody.

Presence tracing stands beside the decision: ``seeds`` are the device's only secrets, ``check_in``
shows keys that are made from them, ``bindings`` hands the decision 16 bytes for each hour, and
``tracing`` seals hours for the authority.

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
