"""What channels sell, as a file."""
