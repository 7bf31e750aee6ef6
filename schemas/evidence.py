"""Two signed bundles that contradict each other, kept for whoever looks into it.

docs/formats.md, "Continuity". It holds nothing of the device that was shown them; but an authority
that made a bundle for one device alone knows by it whose the pair is.
"""

from dataclasses import dataclass

from schemas.bundle_faults import BundleFault
from schemas.encoding import b64url_encode
from schemas.trust import bundle_digest

FAULTS = frozenset({BundleFault.SPLIT_VIEW, BundleFault.KEYS_REPLACED, BundleFault.LOG_FORKED})
"""What two bundles together prove."""

MOST_PAIRS = 8
"""Pairs that a device keeps: an issuer that lies cannot fill its disk, and one proves enough."""


@dataclass(frozen=True)
class EvidencePair:
    """``held`` and ``offered`` are bundles as they were carried, each with its proof."""

    fault: BundleFault
    held: str
    offered: str

    @property
    def digests(self) -> tuple[str, str]:
        """What names each bundle where it is published."""
        return _digest(self.held), _digest(self.offered)

    @property
    def name(self) -> str:
        """What names the pair among others; 22 characters."""
        return b64url_encode(bundle_digest("".join(self.digests).encode()).encode()[:16])


def _digest(carried: str) -> str:
    jws, _, _ = carried.partition("\n\n")
    return bundle_digest(jws.encode())
