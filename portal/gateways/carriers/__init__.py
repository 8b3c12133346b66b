"""How parcels are followed: one port, and whoever speaks for the carriers behind it."""
