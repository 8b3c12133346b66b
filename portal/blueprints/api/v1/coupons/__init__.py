"""Coupons of the key's person, and coupons handed out."""
