"""Deposits: money that a user keeps with the mall."""
