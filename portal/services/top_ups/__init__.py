"""Top-ups: money that people pay into their deposits."""
