"""Risk decisions."""
