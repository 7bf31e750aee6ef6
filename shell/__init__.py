"""What the three programs share at their edges: files, the clock, pictures and command glue."""
