"""``qupia-wallet serve``: pages for one person or a family, on their own device only.

``guard`` decides who gets in, ``app`` lists the addresses, ``desk`` is one request of one person.
``people`` keeps a wallet for each, ``house`` what is remembered while it serves. The pages stand in
``cards``, ``starting``, ``fetching``, ``door``, ``rights`` and ``family``; ``background`` fetches
at the planned times.
"""
