"""Deadlines of sellers: near ones are warned of, missed ones told to the mall, each once (ORD-11)."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from portal.rules.deadlines import WARN_BEFORE
from portal.services.outbox import Event, emit

# What is open of each part, with until when; a held part waits for nobody of its store.
_OPEN = """
    SELECT p.id, p.store_id, s.step, s.due
      FROM order_part p
      CROSS JOIN LATERAL (VALUES
           ('accept', p.accept_by, p.status = 'released'),
           ('ship', p.ship_by, p.status IN ('released', 'accepted', 'packed')),
           ('deliver', p.deliver_until, p.status IN ('released', 'accepted', 'packed', 'shipped'))
      ) AS s (step, due, is_open)
     WHERE p.status IN ('released', 'accepted', 'packed', 'shipped') AND s.is_open
"""
_MISSED = text(
    f"""
    INSERT INTO part_deadline AS d (part_id, step, due_at, missed_at)
    SELECT o.id, o.step, o.due, :now FROM ({_OPEN}) o
     WHERE o.due <= :now
       AND NOT EXISTS (SELECT FROM part_deadline k
                        WHERE k.part_id = o.id AND k.step = o.step AND k.missed_at IS NOT NULL)
     ORDER BY o.due LIMIT 500
    ON CONFLICT (part_id, step) DO UPDATE SET missed_at = excluded.missed_at, due_at = excluded.due_at
     WHERE d.missed_at IS NULL
    RETURNING step, (SELECT store_id FROM order_part p WHERE p.id = d.part_id) AS store_id
    """  # noqa: S608  # Text of this file.
)
_NEAR = text(
    f"""
    INSERT INTO part_deadline (part_id, step, due_at, warned_at)
    SELECT o.id, o.step, o.due, :now FROM ({_OPEN}) o
     WHERE o.step <> 'deliver' AND o.due > :now AND o.due <= :soon
       AND NOT EXISTS (SELECT FROM part_deadline k WHERE k.part_id = o.id AND k.step = o.step)
     ORDER BY o.due LIMIT 500
    ON CONFLICT (part_id, step) DO NOTHING
    RETURNING step, (SELECT store_id FROM order_part p WHERE p.id = part_deadline.part_id) AS store_id
    """  # noqa: S608  # Text of this file.
)


def watch_deadlines(session: Session, *, now: datetime) -> int:
    """Note deadlines that are near or missed, and tell of them: one event for each store and step. Returns how many."""
    missed = session.execute(_MISSED, {"now": now}).all()
    near = session.execute(_NEAR, {"now": now, "soon": now + WARN_BEFORE}).all()
    events = [*_events("part.deadline_missed", missed), *_events("part.deadline_near", near)]
    emit(session, *events, now=now)
    return len(missed) + len(near)


def _events(kind: str, rows: list[Row[Any]] | Any) -> list[Event]:
    counted = Counter((row.store_id, row.step) for row in rows)
    return [
        Event(kind, f"store:{store_id}", {"store": store_id, "step": step, "count": count})
        for (store_id, step), count in sorted(counted.items())
    ]
