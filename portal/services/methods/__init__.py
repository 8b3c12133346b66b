"""Saved ways of paying: kept at the gateway, here only what one may show (PAY-14)."""
