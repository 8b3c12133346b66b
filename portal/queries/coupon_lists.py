"""Lists of people to whom a coupon is given or from whom it is taken back, and how far they are (CPN-10)."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.models import CouponBulk, CouponBulkRow

BULKS_MAX = 20


@dataclass(frozen=True, slots=True)
class BulkRow:
    """A list that is or was worked through."""

    id: uuid.UUID
    kind: str
    state: str
    total: int
    done: int
    failed: int
    reason: str
    made_at: datetime
    ended_at: datetime | None

    @property
    def percent(self) -> int:
        return (self.done + self.failed) * 100 // self.total if self.total else 100


_BULK = (
    CouponBulk.id,
    CouponBulk.kind,
    CouponBulk.state,
    CouponBulk.total,
    CouponBulk.done,
    CouponBulk.failed,
    CouponBulk.reason,
    CouponBulk.made_at,
    CouponBulk.ended_at,
)


def list_bulks(session: Session, *, campaign_id: int) -> list[BulkRow]:
    """The latest lists of a campaign."""
    rows = session.execute(
        select(*_BULK)
        .where(CouponBulk.campaign_id == campaign_id)
        .order_by(CouponBulk.made_at.desc(), CouponBulk.id.desc())
        .limit(BULKS_MAX)
    )
    return [BulkRow(*row) for row in rows]


def load_bulk(session: Session, *, campaign_id: int, bulk_id: uuid.UUID) -> BulkRow | None:
    """One list of a campaign; None for anybody else's."""
    row = session.execute(
        select(*_BULK).where(CouponBulk.id == bulk_id, CouponBulk.campaign_id == campaign_id)
    ).one_or_none()
    return BulkRow(*row) if row else None


def failed_rows(session: Session, *, bulk_id: uuid.UUID) -> Iterator[tuple[int, str, str]]:
    """The rows of a list that were not done: number, who, and the word for why."""
    statement = (
        select(CouponBulkRow.position, CouponBulkRow.who, CouponBulkRow.outcome)
        .where(CouponBulkRow.bulk_id == bulk_id, CouponBulkRow.outcome != "done")
        .order_by(CouponBulkRow.position)
    )
    for row in session.execute(statement, execution_options={"yield_per": 2_000}):
        yield row.position, row.who, row.outcome
