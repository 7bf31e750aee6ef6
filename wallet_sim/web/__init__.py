"""``qupia-wallet serve``: pages for one person or a family, on their own device only.

``guard`` checks every request, ``app`` lists the addresses, ``desk`` is one request of one person.
``people`` has a wallet for each, ``house`` what is remembered while it serves. The pages stand in
``cards``, ``starting``, ``fetching``, ``door``, ``visits``, ``rights`` and ``family``;
``background`` fetches at the planned times. ``door`` knows no visit and ``visits`` no pass: between
them an ``arrival`` holds the scanned code, in memory. ``frames`` reads the pictures of a camera.
"""
