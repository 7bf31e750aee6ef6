"""Passes, from the blinded request to the code at a door: values, bytes, choices. Pure."""
