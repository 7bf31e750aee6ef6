"""Rates beside their physical limits, measured in the same run: ``make bench``."""
