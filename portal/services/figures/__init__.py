"""Figures by day: renewed from orders, payments and books, and proved against them."""

# Held shared by whoever renews what has changed, and alone by whoever loads so much that he renews all days himself.
LOADING_LOCK = 7_236_420
