"""An issuer as ``serve`` runs it, but for the steps of time at which answers to wallets leave.

``python -m benchmarks.at_once --home DIR``. Between the calls of one connection a server with steps
stands still, and what is measured would be how cold its core is by then.
"""

import sys
from pathlib import Path

from benchmarks.server import PORT
from issuer.serving import AppFactory
from shell.serving import Listen, serve_app

if __name__ == "__main__":
    serve_app(AppFactory(Path(sys.argv[2]), step=0), Listen("127.0.0.1", PORT), ready=lambda: None)
