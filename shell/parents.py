"""Child processes that do not outlive the process that started them."""

import os
import signal
from multiprocessing import parent_process
from threading import Thread


def end_with_parent() -> None:
    """In a child: end as by SIGTERM once the parent is gone, however it went.

    Nothing happens in a process that :mod:`multiprocessing` did not start.
    """
    parent = parent_process()
    if parent is None:
        return

    def wait_for_it() -> None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)

    Thread(target=wait_for_it, daemon=True).start()
