"""Receipts and credit notes: wanted with a payment or refund, issued by a worker."""
