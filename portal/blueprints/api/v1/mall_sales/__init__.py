"""What the mall, or one of its channels, has sold and sells."""
