"""Incentives: scores of customers, segments of them, and what is offered to whom."""
