"""Offers that are made by themselves."""
