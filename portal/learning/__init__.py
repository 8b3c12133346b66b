"""Models that learn from events: features as of each event, training, scores with their reasons, and measures.

Numbers in, numbers out: no database, no clock. Heavy libraries are imported by whoever trains or scores, and not by the
web's start.
"""
