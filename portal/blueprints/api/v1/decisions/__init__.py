"""Refunds that wait for an answer."""
