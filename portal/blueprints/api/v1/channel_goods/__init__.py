"""A store's goods on each channel."""
