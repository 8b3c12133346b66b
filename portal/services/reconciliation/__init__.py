"""Reconciliation: reports of gateways, and the differences that were found."""
