"""Cards on file."""
