"""Campaigns of coupons: those of the key's stores, or everybody's for a key of the platform."""
