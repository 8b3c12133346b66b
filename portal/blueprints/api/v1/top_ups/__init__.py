"""Top-ups of the deposit."""
