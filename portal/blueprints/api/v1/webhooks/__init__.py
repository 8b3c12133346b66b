"""Webhooks of the house."""
