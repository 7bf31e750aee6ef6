"""Network, clock, pause and random numbers of a command; tests hand in their own."""

import secrets
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from shell.clock import Clock, Monotonic, monotonic_clock, system_clock
from shell.command_line import home_option, home_path
from shell.fetching import send
from wallet_sim.fetching.client import Send
from wallet_sim.fetching.file import WalletFile
from wallet_sim.fetching.runner import Sleep
from wallet_sim.fetching.session import Session, TellOffset, open_session, untold
from wallet_sim.passes.schedule import Below
from wallet_sim.passes.state import Wallet

HomeOption = Annotated[Path | None, home_option("QUPIA_WALLET_HOME")]


@dataclass(frozen=True)
class Tools:
    """``sleep`` takes seconds; ``below(n)`` is a random number from 0 to n - 1.

    ``monotonic`` counts seconds, whatever the clock is set to.
    """

    send: Send = send
    clock: Clock = system_clock
    sleep: Sleep = time.sleep
    below: Below = secrets.randbelow
    monotonic: Monotonic = monotonic_clock

    def open_file(self, home: Path | None) -> WalletFile:
        """The wallet in ``home``, or where the platform keeps such things."""
        return WalletFile(home_path(home, "wallet"), self.clock)

    def corrected_now(self, wallet: Wallet) -> int:
        """The time, Unix seconds, as far as this wallet knows it."""
        return self.clock() + wallet.clock_offset

    def connect(
        self,
        file: WalletFile,
        issuer: str | None = None,
        tell_offset: TellOffset = untold,
    ) -> Session:
        """A session with ``issuer``, or with that of the wallet; raises NotActivated.

        ``tell_offset`` is for corrections of the clock.
        """
        wallet = file.load()
        origin = issuer if issuer is not None else wallet.trusted().issuer
        return open_session(
            file,
            issuer=origin,
            offset=wallet.clock_offset,
            send=self.send,
            below=self.below,
            monotonic=self.monotonic,
            tell_offset=tell_offset,
        )
