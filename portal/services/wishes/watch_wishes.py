"""Wished goods that are there again, or cost less than their owner last heard, are told of, each change once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from portal.queries.sellable import sellable
from portal.services.outbox import Event, emit

_NOW = f"""
    SELECT w.user_id, w.variant_id, p.amount_minor, p.currency, w.was_in_stock, w.seen_minor, w.channel_id,
           EXISTS (SELECT FROM stock s WHERE s.variant_id = w.variant_id AND {sellable("s", "w.channel_id")} > 0)
               AS is_in_stock
      FROM wish w JOIN price_now p ON p.variant_id = w.variant_id AND p.channel_id = w.channel_id
      JOIN variant v ON v.id = w.variant_id AND v.state = 'active'
"""  # noqa: S608  # Our own fragment.
# What has become dearer or was sold is noted without a word, so that the next change for the better is told again.
_CHANGED = text(
    f"""
    WITH changed AS (
        SELECT * FROM ({_NOW}) n WHERE n.is_in_stock <> n.was_in_stock OR n.amount_minor <> n.seen_minor
         ORDER BY n.user_id, n.variant_id LIMIT 500
    )
    UPDATE wish w SET was_in_stock = c.is_in_stock, seen_minor = c.amount_minor FROM changed c
     WHERE w.user_id = c.user_id AND w.variant_id = c.variant_id
       AND w.was_in_stock = c.was_in_stock AND w.seen_minor = c.seen_minor
    RETURNING w.user_id, w.variant_id, w.channel_id, c.currency, c.amount_minor,
              c.is_in_stock AND NOT c.was_in_stock AS is_back,
              c.is_in_stock AND c.amount_minor < c.seen_minor AS is_cheaper
    """  # noqa: S608  # Text of this file.
)


def watch_wishes(session: Session, *, now: datetime) -> int:
    """Note what has changed since people last heard of it, and tell of what is better; how many are told."""
    rows: Sequence[Row[Any]] = session.execute(_CHANGED).all()
    events = [
        Event(
            "wish.back" if row.is_back else "wish.cheaper",
            f"wish:{row.user_id}",
            {
                "variant": str(row.variant_id),
                "amount_minor": row.amount_minor,
                "currency": row.currency,
                "user": str(row.user_id),
            },
            channel_id=row.channel_id,
            profile_id=row.user_id,
        )
        for row in rows
        if row.is_back or row.is_cheaper
    ]
    emit(session, *events, now=now)
    return len(events)
