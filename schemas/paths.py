"""Addresses below an issuer's origin that need no account (design section 7)."""

TRUST_BUNDLE_PATH = "/.well-known/qupia/trust-bundle"
HEALTH_PATH = "/healthz"
"""Never cached, so its ``Date`` shows how far a clock is off."""

NOTICES_PATH = "/.well-known/qupia/notices"
