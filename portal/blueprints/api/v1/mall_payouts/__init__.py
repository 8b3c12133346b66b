"""Payouts to stores."""
