"""The issuer: a health authority that signs passes which it cannot recognise again.

The way of a pass::

    intake/          a laboratory's export, or a single result,
    registration     becomes an activation code, or stops a person's passes;
    entitlement      the code becomes an entitlement, which the wallet keeps;
    issuance         blinded messages become blind signatures, once for each window
    retention        and all that was kept for it goes on its day.

Beside it, ``notices/`` takes a venue's export of hours to the list by which wallets warn.

Around it: ``keys/`` makes, publishes and destroys keys, ``rules/`` is what the authority decides,
``perishable/`` is the store in which nothing lasts, ``staff`` says who may do what, ``authority``
opens all of that from a ``home``, ``founding`` makes a new one, and ``api/`` and ``commands/`` are
the two doors.
"""
