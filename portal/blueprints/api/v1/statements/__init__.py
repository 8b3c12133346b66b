"""Statements of stores."""
