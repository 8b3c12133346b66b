"""Refunds that the mall gives in a buyer's stead."""
