"""Numbers of Curve25519 that have a name, for tests that spoil a key (RFC 7748 section 4.1)."""

FIELD = (1 << 255) - 19
HIGHEST_BIT = 1 << 255
"""X25519 ignores it."""

LOW_ORDER = (
    0,
    1,
    325606250916557431795983626356110631294008115727848805560023387167927233504,
    39382357235489614581723060781553021112529911719440698176882885853963445705823,
    FIELD - 1,
    FIELD,
    FIELD + 1,
)
"""All u below 2²⁵⁵ for which the shared secret is zero, whoever takes part: the orders are 1, 2, 4
and 8, the last two numbers are 0 and 1 in another spelling (cr.yp.to/ecdh.html#validate).
"""


def spell(number: int) -> bytes:
    """A number below 2²⁵⁶ as X25519 writes it."""
    return number.to_bytes(32, "little")
