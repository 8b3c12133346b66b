"""Channels and their life, for programs of the mall."""
