"""Deposit that goes back to its owner."""
