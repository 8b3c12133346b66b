"""Disputes: what a gateway tells of them, what the books make of it, and our answer (STR-05)."""
