"""Withdrawals: deposit on its way back to its owner."""
