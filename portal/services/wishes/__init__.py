"""Wishlists: kept, told of, moved into the cart (CAT-03)."""
