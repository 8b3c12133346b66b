"""Coupons: what they promise, when they apply, what they give, and which of them together save most."""
