"""What became of campaigns."""
