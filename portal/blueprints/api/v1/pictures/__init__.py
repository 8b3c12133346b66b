"""Pictures of products."""
