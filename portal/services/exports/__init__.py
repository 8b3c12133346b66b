"""Lists as files: asked for on a desk, made by a worker, kept for a week (ANA-03)."""
