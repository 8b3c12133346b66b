"""Refunds: decided under one lock, executed leg by leg, settled in one place."""
