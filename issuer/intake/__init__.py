"""A laboratory's export comes in: the one place that knows a person's result."""
