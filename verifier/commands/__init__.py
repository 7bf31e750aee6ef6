"""What a venue types: ``qupia-verifier`` and its commands. Nothing imports them."""
