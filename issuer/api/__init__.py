"""What the network sees of the issuer (design section 7)."""
