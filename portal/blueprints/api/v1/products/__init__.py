"""A store's products and stock."""
