"""What the issuer signs for everybody, as bytes: the trust bundle and the list of notices."""
