"""Campaigns changed, launched and moved, and the coupons of their holders."""
