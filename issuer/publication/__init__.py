"""Keys made ahead of time, the bundle that lists them, and root statements that come into force."""
