"""An authority in memory and ready-made keys, for tests that tell stories."""
