"""Addresses below an issuer's origin that need no account (docs/formats.md, "The issuer's API")."""

TRUST_BUNDLE_PATH = "/.well-known/qupia/trust-bundle"
HEALTH_PATH = "/healthz"
"""Never cached, so its ``Date`` shows how far a clock is off."""

NOTICES_PATH = "/.well-known/qupia/notices"
