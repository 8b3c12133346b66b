"""The history of balances."""
