"""Reviews and questions of the whole mall."""
