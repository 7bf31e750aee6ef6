"""A citizen's wallet. Every step of the protocol is real, only the phone is simulated.

The way of a pass::

    fetching/activation      a slip's code becomes an entitlement; its account key is stored before
    fetching/trust           a bundle is checked and gives the keys of the wallet's own cell
    passes/schedule          which windows are due, and when
    passes/issuance          a batch is blinded, stored, sent by fetching/sync, and finished:
                             all of it verifies, or none is kept
    passes/presentation      one pass for each venue, with a fresh proof
    showing                  it is stored as used before anybody sees it

The way of a visit::

    presence/check_in        a venue's code becomes sealed records that their owner cannot open
    presence/notices         the list that everyone fetches is checked and matched, and warns

``passes`` and ``presence`` only compute, and neither imports the other; ``storage`` keeps values
in files. ``both`` opens the file of passes and the file of visits for those who need the two.
``refusals`` says in the holder's language what went wrong, ``texts`` has the sentences,
``commands`` is ``qupia-wallet``, ``web`` has its pages for browsers on the same machine, and
``demo`` plays all three programs.

An issuer signs what it cannot see, and what it signed cannot be told from any other:

>>> from schemas.token import MODULUS_BYTES
>>> from wallet_sim.passes.blinding import blind, finalize
>>> n, d = example_key()
>>> blinded = blind(b"a pass", n=n)
>>> seen = int.from_bytes(blinded.message, "big")
>>> answer = pow(seen, d, n).to_bytes(MODULUS_BYTES, "big")
>>> signature = finalize(b"a pass", answer, n=n, inverse=blinded.inverse)
>>> signature == answer
False
"""
