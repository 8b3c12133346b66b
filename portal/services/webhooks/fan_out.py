"""Make a message for each endpoint that listens to an event, in the transaction that marks the event as handled."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from portal.rules.webhooks import EVENT_TYPES, FACTS, TEST

# A client that ended has no webhooks any more.
LIVES = """(w.client_id IS NULL OR EXISTS (SELECT FROM api_client c WHERE c.id = w.client_id
               AND c.revoked_at IS NULL AND (c.expires_at IS NULL OR c.expires_at > :now)))"""

# What a store may hear of: what names it, and the lines of a refund and the parts of an order that are its own. A part
# that is held for review is nobody's business yet.
_HEARD = f"""
    w.state = 'on' AND {LIVES} AND CASE
        WHEN e.kind = '{TEST}' THEN e.payload->>'endpoint' = CAST(w.id AS text)
        ELSE w.kinds @> ARRAY[e.kind]
         AND (w.channel_id IS NULL OR e.channel_id IS NULL OR e.channel_id = w.channel_id)
         AND (w.user_id IS NULL OR e.profile_id = w.user_id)
         AND (w.store_id IS NULL OR CASE
                WHEN jsonb_exists(e.payload, 'store') THEN e.payload->>'store' = CAST(w.store_id AS text)
                WHEN jsonb_exists(e.payload, 'refund') THEN EXISTS (
                    SELECT FROM refund_line r LEFT JOIN order_line l ON l.id = r.line_id
                      JOIN order_part p ON p.id = coalesce(r.part_id, l.part_id)
                     WHERE r.refund_id = CAST(e.payload->>'refund' AS uuid) AND p.store_id = w.store_id)
                WHEN split_part(e.subject, ':', 1) = 'order' THEN EXISTS (
                    SELECT FROM order_part p WHERE p.order_id = CAST(split_part(e.subject, ':', 2) AS uuid)
                       AND p.store_id = w.store_id AND p.status <> 'held')
                ELSE false END)
        END
"""  # noqa: S608  # Words of our own.

# A store's message names its own part, by which it asks for the rest.
_INSERT = f"""
    INSERT INTO webhook_delivery (endpoint_id, event_id, kind, subject, facts, occurred_at, created_at, due_at)
    SELECT w.id, e.id, e.kind, e.subject,
           (SELECT coalesce(jsonb_object_agg(f.key, f.value), '{{}}') FROM jsonb_each(e.payload) f
             WHERE f.key = ANY(:facts) AND jsonb_typeof(f.value) <> 'null')
           || CASE WHEN w.store_id IS NOT NULL AND split_part(e.subject, ':', 1) = 'order'
                    AND NOT jsonb_exists(e.payload, 'part')
                   THEN coalesce((SELECT jsonb_build_object('part', p.id) FROM order_part p
                         WHERE p.order_id = CAST(split_part(e.subject, ':', 2) AS uuid) AND p.store_id = w.store_id
                         ORDER BY p.position LIMIT 1), '{{}}') ELSE '{{}}' END,
           e.created_at, :now, :now
      FROM outbox_event e JOIN webhook_endpoint w ON {_HEARD}
"""  # noqa: S608  # Words of our own.

_FAN_OUT = text(
    f"{_INSERT} WHERE e.id = ANY(CAST(:ids AS bigint[])) ON CONFLICT (endpoint_id, event_id) DO NOTHING"
    " RETURNING endpoint_id"
)
_REPLAY = text(
    f"""
    {_INSERT} WHERE w.id = :endpoint_id AND e.created_at >= :since AND e.handled_at IS NOT NULL AND e.kind <> '{TEST}'
     ORDER BY e.id LIMIT :limit
        ON CONFLICT (endpoint_id, event_id) DO UPDATE
       SET state = 'waiting', attempts = 0, due_at = :now WHERE webhook_delivery.state = 'dead'
    RETURNING id
    """  # noqa: S608  # Words of our own.
)
_ANY = text("SELECT EXISTS (SELECT FROM webhook_endpoint WHERE state = 'on')")


def fan_out(session: Session, *, event_ids: Sequence[int], now: datetime) -> set[uuid.UUID]:
    """Write the messages of these events, each once; returns the endpoints that have something to hear."""
    if not session.scalar(_ANY):
        return set()
    facts = list(FACTS)
    return set(session.scalars(_FAN_OUT, {"ids": list(event_ids), "facts": facts, "now": now}).all())


def fan_out_again(session: Session, *, endpoint_id: uuid.UUID, since: datetime, limit: int, now: datetime) -> int:
    """Write what one endpoint has missed since then, and wake what was given up; returns how many messages wait."""
    values = {"endpoint_id": endpoint_id, "since": since, "limit": limit, "facts": list(FACTS), "now": now}
    return len(session.scalars(_REPLAY, values).all())


def is_told(kind: str) -> bool:
    """Whether endpoints can hear of this kind at all."""
    return kind in EVENT_TYPES or kind == TEST
