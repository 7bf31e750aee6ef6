"""All private keys: root, signer, entitlement, and the grid of pass keys with its trust bundle."""
