"""Codes and coupons as they are handed out."""
