"""The issuer's private keys, as files: root, signer, service, pass and paper keys, and seeds."""
