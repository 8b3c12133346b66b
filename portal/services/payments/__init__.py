"""Payments: attempts at gateways, settled in one place."""
