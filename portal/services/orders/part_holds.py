"""What an open hold means: nothing of a part is labelled, sent or paid out before all of them have ended (FRD-08)."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from portal.kit.errors import PortalError
from portal.kit.text import N_
from portal.queries.store_order import PAID_STATES
from portal.rules.deadlines import deadlines_from
from portal.rules.permissions import Actor
from portal.rules.states import Machine
from portal.services.history import Move, record_moves

_FIRST = text(
    """
    SELECT id, kind, reason FROM order_hold WHERE part_id = :part_id AND released_at IS NULL
     ORDER BY placed_at, id LIMIT 1
    """
)
# What a part was before it was held, if it was its seller's already, and since when it is held.
_STOPPED = text(
    """
    SELECT p.id, p.released_at, m.from_state, m.at AS held_at
      FROM order_part p JOIN orders o ON o.id = p.order_id
      LEFT JOIN LATERAL (SELECT t.from_state, t.at FROM transition t
                          WHERE t.subject = 'part' AND t.subject_id = p.id::text AND t.to_state = 'held'
                          ORDER BY t.id DESC LIMIT 1) m ON true
     WHERE p.order_id = :order_id AND p.status = 'held' AND o.status = ANY(:paid)
       AND (CAST(:part_id AS uuid) IS NULL OR p.id = :part_id)
       AND NOT EXISTS (SELECT FROM order_hold h WHERE h.part_id = p.id AND h.released_at IS NULL)
     ORDER BY p.position
    """
)
_GO_ON = text(
    """
    UPDATE order_part SET status = :status, released_at = coalesce(released_at, :now),
           accept_by = coalesce(accept_by + CAST(:pause AS interval), :accept_by),
           ship_by = coalesce(ship_by + CAST(:pause AS interval), :ship_by), version = version + 1
     WHERE id = :part_id
    """
)
_END = text(
    """
    UPDATE order_hold SET released_by = :by, released_at = :now WHERE part_id = ANY(:part_ids) AND released_at IS NULL
    """
)


class PartUnknownError(PortalError):
    """There is no such part, or it is not for this person: one answer for both."""

    code = "part_unknown"
    status = 404
    sentence = N_("There is no such order.")


class PartOnHoldError(PortalError):
    """An open hold; `hold` is its id, `kind` and `reason` say why as far as everybody may know."""

    code = "part_on_hold"
    status = 409
    sentence = N_("This part is on hold. It goes on when the hold has ended; nothing was changed.")

    def __init__(self, hold_id: uuid.UUID, kind: str, reason: str) -> None:
        super().__init__(hold=str(hold_id))
        self.hold_id, self.kind, self.reason = hold_id, kind, reason


def refuse_on_hold(session: Session, *, part_id: uuid.UUID) -> None:
    """Raises PartOnHoldError while a hold of the part is open."""
    found = session.execute(_FIRST, {"part_id": part_id}).one_or_none()
    if found is not None:
        raise PartOnHoldError(found.id, found.kind, found.reason)


def let_go_on(
    session: Session,
    *,
    order_id: uuid.UUID,
    reason: str,
    actor: Actor,
    now: datetime,
    part_id: uuid.UUID | None = None,
) -> Sequence[uuid.UUID]:
    """Give the held parts of a paid order, or one of them, to their sellers where nothing holds them any more.

    A part that was confirmed or packed is so again, and its deadlines are later by as long as it was held. The caller
    holds the order's lock. Returns the parts that went on.
    """
    values = {"order_id": order_id, "part_id": part_id, "paid": list(PAID_STATES)}
    parts = session.execute(_STOPPED, values).all()
    moves = []
    for part in parts:
        status = _status_before(part)
        until = deadlines_from(now)
        session.execute(
            _GO_ON,
            {
                "part_id": part.id,
                "status": status,
                "now": now,
                "pause": now - part.held_at if part.released_at else None,
                "accept_by": until.accept_by,
                "ship_by": until.ship_by,
            },
        )
        moves.append(Move(Machine.PART, part.id, "held", status, order_id, reason))
    record_moves(session, *moves, actor=actor, now=now)
    return [part.id for part in parts]


def end_holds_of(session: Session, *, part_ids: Collection[uuid.UUID], by: str, now: datetime) -> None:
    """End what holds parts that are no more: cancelled ones have nothing to stop."""
    if part_ids:
        session.execute(_END, {"part_ids": list(part_ids), "by": by, "now": now})


def _status_before(part: Row[Any]) -> str:
    return str(part.from_state) if part.released_at and part.from_state else "released"
