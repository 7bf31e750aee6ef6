"""``qupia-wallet serve``: pages for one person or a family, on their own device only.

``guard`` decides who gets in, ``app`` lists the addresses, ``desk`` is one request of one person.
``people`` keeps a wallet for each, ``house`` what is remembered while it serves. The pages stand in
``cards``, ``starting``, ``fetching``, ``door``, ``visits``, ``rights`` and ``family``;
``background`` fetches at the planned times. ``door`` knows no visit and ``visits`` no pass: between
them there is an ``arrival``, in memory. ``frames`` reads the pictures of a camera.
"""
