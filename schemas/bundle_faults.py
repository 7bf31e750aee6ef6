"""Why a trust bundle is not accepted: a closed list (design section 5)."""

from enum import StrEnum

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


_TEXTS = load_json("bundle_faults.json")


class BundleRejected(Exception):
    """A trust bundle was not accepted; what was known before stays in force."""

    def __init__(self, fault: BundleFault) -> None:
        super().__init__(fault.value)
        self.fault = fault

    @property
    def helpdesk(self) -> str:
        """``Q`` and two digits, to be read out to a help desk."""
        return str(_TEXTS[self.fault]["helpdesk"])

    def text(self, language: Language) -> str:
        """One or two sentences for whoever set the device up."""
        return str(_TEXTS[self.fault][language])
