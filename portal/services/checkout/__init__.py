"""Checkout: from a cart and choices to a placed order."""
