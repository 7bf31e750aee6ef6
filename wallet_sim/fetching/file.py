"""The file of a wallet: entitlement, passes and their keys, and whom the wallet trusts."""

from pathlib import Path

from shell.files import create_private, make_private_directory
from wallet_sim.passes.state import Wallet, prune
from wallet_sim.storage import ValueFile

EVIDENCE_NAME = "evidence"


class WalletFile(ValueFile[Wallet]):
    """``wallet.json`` in the folder ``home``; ``clock`` is the device's, uncorrected."""

    name = "wallet"
    remedy = "move it away and activate with a new code"

    @property
    def kind(self) -> type[Wallet]:
        return Wallet

    def prune(self, value: Wallet, now: int) -> Wallet:
        return prune(value, now)

    def keep_evidence(self, bundles: dict[str, bytes]) -> Path:
        """Keep contradicting trust bundles for whoever looks into them; by digest. The folder."""
        folder = self.home / EVIDENCE_NAME
        make_private_directory(folder)
        for digest, data in bundles.items():
            path = folder / f"bundle-{digest}.jws"
            if not path.exists():
                create_private(path, data)
        return folder
