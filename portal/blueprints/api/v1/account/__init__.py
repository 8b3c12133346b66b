"""The key and its person."""
