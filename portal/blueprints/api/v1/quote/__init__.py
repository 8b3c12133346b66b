"""What the cart costs."""
