"""Tickets of the house."""
