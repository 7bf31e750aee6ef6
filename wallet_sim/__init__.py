"""A citizen's wallet. Every step of the protocol is real, only the phone is simulated.

The flow, module by module::

    slip ─ activating ─► entitlement          the account key is stored before the code is sent
    bundle ─ trusting ─► keys of the own cell ─ schedule ─► which windows, and when
    key ─ passes, blinding ─► blinded request  stored, then sent, then sent again if need be
    blind signatures ─ passes ─► passes        all of a batch verify, or none is kept
    pass ─ showing ─► QR text                  stored as used before anybody sees it

``state`` says what is held and when it dies; ``wallet_file`` is the one place that writes it,
``client`` the one that calls the issuer. ``session`` and ``syncing`` put both together;
``at_the_door``, ``at_the_issuer`` and ``watching`` run for as long as a command does, and ``web``
gives pages to browsers on the same machine. What only decides (``blinding``, ``passes``,
``schedule``, ``showing``, ``state``, ``trusting``, ``condition``) is handed the time and opens
nothing. ``presence`` keeps visits and warnings in a file of their own: its modules know nothing of
passes, and those of passes nothing of visits.

An issuer signs what it cannot see, and what it signed cannot be told from any other:

>>> from schemas.token import MODULUS_BYTES
>>> from wallet_sim.blinding import blind, finalize
>>> n, d = example_key()
>>> blinded = blind(b"a pass", n=n)
>>> seen = int.from_bytes(blinded.message, "big")
>>> answer = pow(seen, d, n).to_bytes(MODULUS_BYTES, "big")
>>> signature = finalize(b"a pass", answer, n=n, inverse=blinded.inverse)
>>> signature == answer
False
"""
