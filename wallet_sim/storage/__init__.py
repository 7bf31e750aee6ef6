"""Files that hold one value each."""
