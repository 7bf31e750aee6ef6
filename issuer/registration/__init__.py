"""A result becomes an activation code, or stops the passes of the person it is about."""
