"""Files that hold one value each, and the codec between values and JSON."""
