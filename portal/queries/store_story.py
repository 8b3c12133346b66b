"""What happened to a store's part of an order, as far as the store may know: moves, refunds, holds, edits (S19)."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from portal.models import User


@dataclass(frozen=True, slots=True)
class StoryEvent:
    """One thing that happened. `what` is part, shipment, return, refund, hold, hold_end, address or option.

    `state` is what it moved to; `by` is who did it as far as the store may know: `store` (with the name), `buyer` or
    `mall`.
    `reason` is a code, `note` what somebody wrote; `amount_minor` is the store's share of a refund.
    """

    at: datetime
    what: str
    state: str | None
    reason: str | None
    note: str | None
    amount_minor: int | None
    by: str
    name: str | None


# Why the mall's risk rules held or ended something stays with the mall: no reason of a part's move is read.
_STORY = text(
    """
    WITH mine AS (SELECT CAST(:part_id AS uuid) AS part_id),
    shares AS (
        SELECT r.refund_id FROM refund_line r JOIN order_line l ON l.id = r.line_id, mine
         WHERE l.part_id = mine.part_id
        UNION SELECT r.refund_id FROM refund_line r, mine WHERE r.part_id = mine.part_id
    )
    SELECT h.at, h.what, h.state, h.reason, h.note, h.amount_minor,
           CASE WHEN h.actor = 'user:' || :buyer_id THEN 'buyer'
                WHEN EXISTS (SELECT FROM store_member m
                              WHERE m.store_id = :store_id AND 'user:' || m.user_id = h.actor) THEN 'store'
                ELSE 'mall' END AS by,
           (SELECT a.name FROM store_member m JOIN user_account a ON a.id = m.user_id
             WHERE m.store_id = :store_id AND 'user:' || m.user_id = h.actor) AS name
      FROM (
        SELECT t.at, t.id AS n, t.subject AS what, t.to_state AS state, t.actor, NULL AS reason,
               NULL AS note, NULL::bigint AS amount_minor
          FROM transition t, mine
         WHERE t.order_id = :order_id AND t.from_state IS NOT NULL AND t.subject = 'part'
           AND t.subject_id = mine.part_id::text
        UNION ALL
        SELECT t.at, t.id, t.subject, t.to_state, t.actor, NULL, NULL, NULL
          FROM transition t JOIN shipment s ON s.id::text = t.subject_id, mine
         WHERE t.order_id = :order_id AND t.subject = 'shipment' AND s.part_id = mine.part_id
        UNION ALL
        SELECT t.at, t.id, t.subject, t.to_state, t.actor, CASE WHEN t.from_state IS NULL THEN g.reason END,
               CASE WHEN t.to_state IN ('approved', 'refused') THEN g.answer END, NULL
          FROM transition t JOIN goods_return g ON g.id::text = t.subject_id, mine
         WHERE t.order_id = :order_id AND t.subject = 'return' AND g.part_id = mine.part_id
        UNION ALL
        SELECT t.at, t.id, t.subject, t.to_state, t.actor, nullif(f.reason, 'risk_refused'),
               CASE WHEN t.to_state = 'refused' THEN t.reason END,
               (SELECT sum((x ->> 'amount_minor')::bigint)::bigint
                  FROM jsonb_array_elements(coalesce(f.plan -> 'lines', '[]')) x
                 WHERE x ->> 'part_id' = mine.part_id::text)
          FROM transition t JOIN refund f ON f.id::text = t.subject_id, mine
         WHERE t.order_id = :order_id AND t.subject = 'refund' AND f.id IN (SELECT refund_id FROM shares)
        UNION ALL
        SELECT o.placed_at, 0, 'hold', 'held', CASE WHEN o.kind = 'fraud' THEN 'system' ELSE o.placed_by END,
               CASE WHEN o.kind = 'fraud' THEN 'fraud' ELSE o.reason END,
               CASE WHEN o.kind <> 'fraud' THEN o.note END, NULL
          FROM order_hold o, mine WHERE o.part_id = mine.part_id
        UNION ALL
        SELECT o.released_at, 0, 'hold_end', NULL, CASE WHEN o.kind = 'fraud' THEN 'system' ELSE o.released_by END,
               NULL, NULL, NULL
          FROM order_hold o, mine WHERE o.part_id = mine.part_id AND o.released_at IS NOT NULL
        UNION ALL
        SELECT a.at, a.id, CASE WHEN a.payload::jsonb -> 'after' ? 'address' THEN 'address' ELSE 'option' END,
               (a.payload::jsonb -> 'after' ->> 'was') || ' → ' || (a.payload::jsonb -> 'after' ->> 'is'), a.actor,
               NULL, a.payload::jsonb ->> 'reason', NULL
          FROM audit_row a, mine
         WHERE a.ref = 'order:' || :order_id AND a.action = 'order:amended'
           AND (a.payload::jsonb -> 'after' ? 'address' OR EXISTS
                 (SELECT FROM order_line l WHERE l.part_id = mine.part_id
                     AND l.id::text = a.payload::jsonb -> 'after' ->> 'line'))
      ) h
     ORDER BY h.at, h.n LIMIT 200
    """
).columns(name=User.name.type)


def store_story(
    session: Session, *, part_id: uuid.UUID, order_id: uuid.UUID, store_id: int, buyer_id: uuid.UUID
) -> Sequence[StoryEvent]:
    """Everything that happened to a part since it was placed, the latest last; the caller knows whose part it is."""
    rows = session.execute(
        _STORY, {"part_id": part_id, "order_id": order_id, "store_id": store_id, "buyer_id": str(buyer_id)}
    )
    return [StoryEvent(*row) for row in rows]
