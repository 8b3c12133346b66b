"""Tickets: opened by buyers, answered by stores and the mall in time, or told of where not (ORD-08)."""
