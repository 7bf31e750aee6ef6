"""A simulated adversary with all logs of a town, and what it learns: ``make privacy``.

The town lives in ``town`` and ``visits``, its wallets in ``wallets``, what parties can log in
``logs``. An adversary gets logs and gives guesses with their probability (``adversary``); ``bayes``
is the one that is measured, trained on another town of the same kind. ``systems``, ``channels`` and
``controls`` are the experiments, ``report`` puts them into one JSON object.
"""
