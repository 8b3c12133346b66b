"""Queues of refunds for stores and administrators, and how quickly refunds are done (REF-09)."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Select, exists, func, select, text
from sqlalchemy.orm import Session

from portal.kit.paging import Page, fingerprint
from portal.models import Order, OrderLine, OrderPart, Refund, RefundApproval, RefundLeg, RefundLine
from portal.queries.keyset import COUNT_MAX, PAGE_ROWS, Sorting, count_up_to, fetch_page


class RefundQueue(StrEnum):
    """What a list of refunds shows."""

    WAITING = "waiting"
    FAILED = "failed"
    UNDER_WAY = "under_way"
    BANK = "bank"
    LATE = "late"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class RefundRow:
    """One row of a queue."""

    id: uuid.UUID
    number: str
    status: str
    reason: str
    origin: str
    currency: str
    total_minor: int
    requested_at: datetime
    due_at: datetime | None


SORTING = Sorting((Refund.requested_at, Refund.id), (datetime, uuid.UUID))
UNDER_WAY = ("approved", "sent", "unknown")


def list_refunds(
    session: Session,
    *,
    queue: RefundQueue,
    now: datetime,
    store_id: int | None = None,
    cursor: str | None = None,
    rows_max: int = PAGE_ROWS,
) -> Page[RefundRow]:
    """One page of a queue, the newest first; of one store's parts only with `store_id`. Raises CursorInvalidError."""
    columns = narrowed(
        select(
            Refund.id,
            Order.number,
            Refund.status,
            Refund.reason,
            Refund.origin,
            Refund.currency,
            Refund.total_minor,
            Refund.requested_at,
            Refund.due_at,
        ).join(Order, Order.id == Refund.order_id),
        queue,
        store_id,
        now,
    )
    return fetch_page(
        session,
        columns,
        SORTING,
        make=lambda row: RefundRow(*row),
        key=lambda row: (row.requested_at, row.id),
        cursor_text=cursor,
        mark=fingerprint("refunds", queue.value, store_id),
        rows_max=rows_max,
        total=count_up_to(session, narrowed(select(Refund.id), queue, store_id, now)),
    )


def count_refunds(
    session: Session, *, queues: Sequence[RefundQueue], now: datetime, store_id: int | None = None
) -> Mapping[RefundQueue, int]:
    """How many stand in each queue, at most COUNT_MAX of each, in one statement."""
    counted = [
        select(func.count())
        .select_from(narrowed(select(Refund.id), queue, store_id, now).limit(COUNT_MAX).subquery())
        .scalar_subquery()
        for queue in queues
    ]
    return dict(zip(queues, session.execute(select(*counted)).one(), strict=True))


def narrowed(statement: Select[*tuple[Any, ...]], queue: RefundQueue, store_id: int | None, now: datetime) -> Any:
    """The statement over refunds: those of a queue, of one store only with `store_id`."""
    if store_id is not None:
        of_store = (
            select(RefundLine.refund_id)
            .outerjoin(OrderLine, OrderLine.id == RefundLine.line_id)
            .join(OrderPart, OrderPart.id == func.coalesce(RefundLine.part_id, OrderLine.part_id))
            .where(OrderPart.store_id == store_id)
        )
        statement = statement.where(Refund.id.in_(of_store))
    match queue:
        case RefundQueue.WAITING:
            mine = RefundApproval.store_id == store_id if store_id is not None else RefundApproval.id.is_not(None)
            waits = exists().where(RefundApproval.refund_id == Refund.id, RefundApproval.state == "waiting", mine)
            return statement.where(Refund.status == "requested", waits)
        case RefundQueue.FAILED:
            return statement.where(Refund.status == "failed")
        case RefundQueue.UNDER_WAY:
            return statement.where(Refund.status.in_(UNDER_WAY))
        case RefundQueue.BANK:
            by_hand = exists().where(
                RefundLeg.refund_id == Refund.id, RefundLeg.destination == "bank", RefundLeg.status == "approved"
            )
            return statement.where(by_hand)
        case RefundQueue.LATE:
            return statement.where(Refund.completed_at.is_(None), Refund.due_at <= now)
        case RefundQueue.ALL:
            return statement


@dataclass(frozen=True, slots=True)
class RefundSpeed:
    """Self-service refunds since a day: how many are decided by now, and how many of them were done in time."""

    counted: int
    in_time: int
    late_open: int

    @property
    def basis_points(self) -> int | None:
        """The share done within a working day, in hundredths of a percent; None without any."""
        return self.in_time * 10_000 // self.counted if self.counted else None


_SPEED = text(
    """
    SELECT count(*) FILTER (WHERE completed_at IS NOT NULL OR due_at <= :now) AS counted,
           count(*) FILTER (WHERE completed_at <= due_at) AS in_time,
           (SELECT count(*) FROM refund WHERE completed_at IS NULL AND due_at <= :now) AS late_open
      FROM refund
     WHERE origin = 'self_service' AND shown <> '' AND requested_at >= :since AND status NOT IN ('refused', 'cancelled')
    """
)


def refund_speed(session: Session, *, since: datetime, now: datetime) -> RefundSpeed:
    """The figure of REF-09: what was asked for by buyers, and how much of it was complete within a working day."""
    return RefundSpeed(*session.execute(_SPEED, {"since": since, "now": now}).one())
