"""Invoices of the house: credit, claims, their settlement and reminders."""
