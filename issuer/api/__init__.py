"""The HTTP API of wallets, laboratories and the public: docs/formats.md, "The issuer's API"."""
