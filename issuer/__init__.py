"""The issuer: a health authority that signs passes which it cannot recognise again.

The way of a pass::

    intake/          a laboratory's export, or a single result by command, API or page,
    registration/    becomes an activation code, or withdraws a person's passes;
    entitlement      the code becomes an entitlement, which the wallet keeps;
    issuance         blinded messages become blind signatures, once for each window;
    retention        what was kept for it is deleted on its day.

The way of a visit: ``notices/`` takes a venue's export of hours, which two officers agree to, into
the list that ``documents/`` signs and by which wallets warn.

The packages, those that need no other first::

    rules/           what the authority decides: statuses, evidence, periods, policies
    staff/           accounts, roles, passwords, passkeys, sessions
    perishable/      the store of records, each with a day on which it is deleted
    keys/            private keys as files, and the raw RSA operation
    documents/       the trust bundle and the list of notices, as bytes
    oversight/       the audit, and what two officers must agree to
    registration/    codes and withdrawals
    publication/     keys ahead of time, bundles, root statements
    intake/          exports of laboratories
    notices/         exports of venues
    api/, console/   what wallets and programs call, and the pages of staff
    commands/        ``qupia-issuer``

``home`` says which file lies where, ``init`` makes a home, and ``authority`` opens all of it.
``staff_actions`` is what staff may do, ``paper`` signs passes on paper, ``slips`` writes what a
citizen takes home, and ``serving`` starts the processes.
"""
