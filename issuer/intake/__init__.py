"""A laboratory's export becomes activation codes: the one package that knows a person's result."""
