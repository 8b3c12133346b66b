"""The offer that is chosen for a person."""
