"""Marks by which new orders and people are found."""

from __future__ import annotations

from portal.db import atomically
from portal.services.mark_people import mark_people as mark_rows

# Batches in one go: the clock has other things to do.
TURNS = 4


def mark_people() -> None:
    """Write the marks that are missing; a bounded number, however many wait."""
    for _turn in range(TURNS):
        if not atomically(mark_rows):
            return
