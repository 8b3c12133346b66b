"""What the clock counts for decisions of risk."""

from __future__ import annotations

from portal.db import atomically
from portal.kit import clock
from portal.services.fraud.renew_shares import renew_shares


def count_shares() -> None:
    """Count how the older orders of stores and campaigns turned out."""
    atomically(lambda session: renew_shares(session, now=clock.now()))
