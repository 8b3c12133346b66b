"""Gift cards of everybody."""
