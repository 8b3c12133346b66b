"""Invoices of the house."""
