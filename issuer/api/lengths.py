"""How long answers to wallets are, whatever they say (docs/formats.md, "What the network sees").

Lengths may not tell a status, an activation, a withdrawal or how many passes were signed.
"""

from issuer.entitlement import entitlement_length

ROOM = 1024
"""Bytes for the head and for a refusal, which is the shorter body of all calls but ``end``."""

ROOM_FOR_HELD = 3072
"""Bytes for what is held about a wallet: two dozen entries, and it has two or three."""

SIGNATURE_LENGTH = 342
"""Characters of 256 bytes in base64url."""


def answer_lengths(url: str, batch_size: int) -> dict[str, int]:
    """Bytes of each call's answers, head and body, for the issuer at ``url``."""
    batches = 2 * batch_size * (SIGNATURE_LENGTH + len(',""'))
    return {
        "/v1/entitlements": entitlement_length(url) + ROOM,
        "/v1/passes": batches + ROOM,
        "/v1/me": ROOM_FOR_HELD,
        "/v1/me/end": ROOM,
    }
