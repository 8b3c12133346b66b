"""Mileage of the key's person: where it stands, donated, and sent to others."""
