"""Channels: what they say of themselves, and which state they are in."""
