"""Offers to choose from, and how they are chosen."""
