"""Returns, exchanges and claims: asked for, decided, sent, received, inspected and settled (ORD-005)."""
