"""Returns of every store, for the mall."""
