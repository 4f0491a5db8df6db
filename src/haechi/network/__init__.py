"""Between nodes: whom to trust, what they said, and copies of it that were verified here."""
