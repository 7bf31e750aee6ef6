"""Why a trust bundle is not accepted: a closed list.

The checks are docs/formats.md, "When a client refuses a bundle".
"""

from enum import StrEnum

from schemas.errors import Refusal
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


class BundleRejected(Refusal[BundleFault]):
    """A trust bundle was not accepted."""

    table = load_json("bundle_faults.json")
    kind = "bundle_fault"
