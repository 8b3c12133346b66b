"""Lists of returns, exchanges and claims for buyers, stores and administrators."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Select, case, func, select
from sqlalchemy.orm import Session

from portal.kit.ids import normalise_code
from portal.kit.paging import Page, fingerprint
from portal.models import GoodsReturn, Order, Refund, ReturnUnit, Store
from portal.queries.keyset import COUNT_MAX, PAGE_ROWS, Sorting, count_up_to, fetch_page


class ReturnQueue(StrEnum):
    """What a list shows; each but the last three is somebody's work."""

    WAITING = "waiting"
    COMING = "coming"
    ARRIVED = "arrived"
    TO_SEND = "to_send"
    CLAIMS = "claims"
    LATE = "late"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class ReturnRow:
    """One row of a list."""

    id: uuid.UUID
    number: str
    order_number: str
    store_name: Mapping[str, str]
    kind: str
    wish: str
    reason: str
    status: str
    units: int
    requested_at: datetime
    due_at: datetime | None


SORTING = Sorting((GoodsReturn.requested_at, GoodsReturn.id), (datetime, uuid.UUID))


_REFUND_WAITS = (
    select(Refund.id)
    .where(Refund.id == GoodsReturn.refund_id, Refund.status == "requested")
    .correlate(GoodsReturn)
    .exists()
)


def list_returns(
    session: Session,
    *,
    queue: ReturnQueue,
    now: datetime,
    store_id: int | None = None,
    buyer_id: uuid.UUID | None = None,
    search: str = "",
    cursor: str | None = None,
    rows_max: int = PAGE_ROWS,
) -> Page[ReturnRow]:
    """One page of a list, the newest first; of a store or a buyer only. Raises CursorInvalidError."""
    due = case(
        (GoodsReturn.status == "requested", GoodsReturn.answer_by),
        (GoodsReturn.status == "approved", GoodsReturn.send_by),
    )
    waits = (GoodsReturn.status == "inspected") & _REFUND_WAITS
    units = (
        select(func.count(ReturnUnit.id))
        .where(ReturnUnit.return_id == GoodsReturn.id)
        .correlate(GoodsReturn)
        .scalar_subquery()
    )
    columns = (
        select(
            GoodsReturn.id,
            GoodsReturn.number,
            Order.number.label("order_number"),
            Store.name.label("store_name"),
            GoodsReturn.kind,
            GoodsReturn.wish,
            GoodsReturn.reason,
            case((waits, "waiting_refund"), else_=GoodsReturn.status).label("status"),
            units.label("units"),
            GoodsReturn.requested_at,
            due.label("due_at"),
        )
        .join(Order, Order.id == GoodsReturn.order_id)
        .join(Store, Store.id == GoodsReturn.store_id)
    )
    narrowed = _narrowed(columns, queue, now, store_id, buyer_id, search)
    counted = _narrowed(
        select(GoodsReturn.id).join(Order, Order.id == GoodsReturn.order_id), queue, now, store_id, buyer_id, search
    )
    return fetch_page(
        session,
        narrowed,
        SORTING,
        make=lambda row: ReturnRow(*row),
        key=lambda row: (row.requested_at, row.id),
        cursor_text=cursor,
        rows_max=rows_max,
        mark=fingerprint("returns", queue.value, store_id, buyer_id, search),
        total=count_up_to(session, counted),
    )


def count_returns(
    session: Session, *, queues: Sequence[ReturnQueue], now: datetime, store_id: int | None = None
) -> Mapping[ReturnQueue, int]:
    """How many stand in each queue, at most COUNT_MAX of each, in one statement."""
    counted = [
        select(func.count())
        .select_from(_narrowed(select(GoodsReturn.id), queue, now, store_id, None, "").limit(COUNT_MAX).subquery())
        .scalar_subquery()
        for queue in queues
    ]
    return dict(zip(queues, session.execute(select(*counted)).one(), strict=True))


def _narrowed(
    statement: Select[*tuple[Any, ...]],
    queue: ReturnQueue,
    now: datetime,
    store_id: int | None,
    buyer_id: uuid.UUID | None,
    search: str,
) -> Any:
    if store_id is not None:
        statement = statement.where(GoodsReturn.store_id == store_id)
    if buyer_id is not None:
        statement = statement.where(GoodsReturn.buyer_id == buyer_id)
    words = search.strip().upper()
    if words:
        # As it is typed, or as a scanner reads it off the label.
        numbers = [words, f"R-{normalise_code(words.removeprefix('R'))}"]
        statement = statement.where(
            GoodsReturn.number.in_(numbers)
            | (Order.number == words)
            | (GoodsReturn.tracking_number == normalise_code(words))
        )
    status = GoodsReturn.status
    match queue:
        case ReturnQueue.WAITING:
            return statement.where(status == "requested", GoodsReturn.kind != "claim")
        case ReturnQueue.COMING:
            return statement.where(status.in_(("approved", "sent")))
        case ReturnQueue.ARRIVED:
            return statement.where(status == "received")
        case ReturnQueue.TO_SEND:
            return statement.where(status == "inspected", ~_REFUND_WAITS)
        case ReturnQueue.CLAIMS:
            return statement.where(status == "requested", GoodsReturn.kind == "claim")
        case ReturnQueue.LATE:
            return statement.where(status == "requested", GoodsReturn.answer_by <= now)
        case ReturnQueue.ALL:
            return statement
