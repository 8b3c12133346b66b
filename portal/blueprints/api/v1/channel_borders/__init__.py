"""What may cross the borders of a channel."""
