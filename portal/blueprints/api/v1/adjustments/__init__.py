"""Corrections of balances by administrators."""
