"""Stripe, through its own SDK and its own fields in our page (STR-01)."""

from portal.gateways.stripe.config import STRIPE

__all__ = ["STRIPE"]
