"""Reviews and questions."""
