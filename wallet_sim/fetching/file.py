"""The file of a wallet: entitlement, passes and their keys, and whom the wallet trusts."""

from schemas.evidence import EvidencePair
from shell.evidence import forget_evidence, keep_evidence, load_evidence
from wallet_sim.passes.state import Wallet, prune
from wallet_sim.storage import ValueFile

EVIDENCE_NAME = "evidence"


class WalletFile(ValueFile[Wallet]):
    """``wallet.json`` in the folder ``home``; ``clock`` is the device's, uncorrected."""

    name = "wallet"
    format = 2
    remedy = "move it away and activate with a new code"

    @property
    def kind(self) -> type[Wallet]:
        return Wallet

    def prune(self, value: Wallet, now: int) -> Wallet:
        return prune(value, now)

    def keep_evidence(self, evidence: EvidencePair) -> None:
        """Keep two trust bundles that contradict each other for whoever looks into them."""
        keep_evidence(self.home / EVIDENCE_NAME, evidence)

    def erase(self) -> None:
        """The file, and the evidence: bundles that were made for one person would name them."""
        super().erase()
        forget_evidence(self.home / EVIDENCE_NAME)

    def evidence(self) -> list[EvidencePair]:
        """The pairs that are kept; raises CommandError for one that is damaged."""
        return load_evidence(self.home / EVIDENCE_NAME)
