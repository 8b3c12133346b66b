"""Figures by day: renewed from orders, payments and books, and proved against them."""
