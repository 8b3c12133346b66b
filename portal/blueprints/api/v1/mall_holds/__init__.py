"""Orders of the mall that are stopped, let go on, and decided about."""
