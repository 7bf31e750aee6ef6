"""Why a trust bundle is not accepted: a closed list.

The checks are docs/formats.md, "When a client refuses a bundle".

>>> rejected = BundleRejected(BundleFault.ODD_RULES, OddRule.BATCH_SIZE)
>>> rejected.helpdesk, rejected.odd
('Q54', <OddRule.BATCH_SIZE: 'batch_size'>)
"""

from enum import StrEnum

from schemas.catalogues import sentence
from schemas.errors import Refusal
from schemas.languages import Language
from schemas.resources import load_json


class BundleFault(StrEnum):
    NOT_A_BUNDLE = "not_a_bundle"
    TOO_LARGE = "too_large"
    UNKNOWN_ROOT = "unknown_root"
    BROKEN_CHAIN = "broken_chain"
    UNKNOWN_SIGNER = "unknown_signer"
    ROLLBACK = "rollback"
    SPLIT_VIEW = "split_view"
    EXPIRED = "expired"
    PIN_CHANGED = "pin_changed"
    SUNSET_LATER = "sunset_later"
    BROKEN_GRID = "broken_grid"
    WRONG_KEY_ID = "wrong_key_id"
    KEY_ID_COLLISION = "key_id_collision"
    KEYS_REPLACED = "keys_replaced"
    ODD_RULES = "odd_rules"
    NOT_IN_LOG = "not_in_log"
    NOT_COSIGNED = "not_cosigned"
    LOG_FORKED = "log_forked"


class OddRule(StrEnum):
    """What an honest issuer does otherwise, where the fault is ``odd_rules``."""

    TWIN_STATUSES = "twin_statuses"
    WINDOWS = "windows"
    BATCH_SIZE = "batch_size"
    KID = "kid"
    SHARED_KEY = "shared_key"


class TrustWarning(StrEnum):
    """What a client says of a bundle that it takes all the same; each is a sentence's name."""

    CONTINUITY_UNKNOWN = "continuity_unknown"
    LOG_REPLACED = "log_replaced"


class BundleRejected(Refusal[BundleFault]):
    """A trust bundle was not accepted. ``odd`` is given with ``odd_rules``, and only there."""

    table = load_json("bundle_faults.json")
    kind = "bundle_fault"

    def __init__(self, fault: BundleFault, odd: OddRule | None = None) -> None:
        super().__init__(fault)
        self.odd = odd

    def text(self, language: Language) -> str:
        """One or two sentences, which say what is odd."""
        odd = self.odd and sentence(f"{self.odd}_odd_rule", language)
        return sentence(f"{self.fault}_{self.kind}", language, odd=odd)
