"""The list of wishes."""
