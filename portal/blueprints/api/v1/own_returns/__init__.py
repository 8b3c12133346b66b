"""Returns as their buyers follow them."""
