"""Stock: kept for an order, then taken or given back; never below zero (ORD-14)."""
