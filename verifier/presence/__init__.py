"""Check-in codes and the hours of an outbreak: the package that has seeds, and knows no pass."""
