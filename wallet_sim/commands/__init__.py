"""What a citizen types: ``qupia-wallet`` and its commands. Nothing imports them."""
