"""Changes of paid orders before they are packed."""
