"""The authority's rules as data: ``policy.toml`` and the values that it becomes."""
