"""Coupons: claimed by an order, then redeemed or given back."""
