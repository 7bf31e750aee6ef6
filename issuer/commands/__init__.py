"""What the authority types: ``qupia-issuer`` and its commands. Nothing imports them."""
