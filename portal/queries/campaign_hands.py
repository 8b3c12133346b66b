"""A campaign's coupons in hands, for whoever issues them: codes, holders, uses (CPN-02, CPN-10)."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session

from portal.crypto import email_index
from portal.kit.ids import normalise_code
from portal.kit.paging import Page, fingerprint
from portal.models import (
    Campaign,
    CouponBatch,
    CouponCode,
    CouponGrant,
    CouponUse,
    Order,
    Store,
    User,
)
from portal.queries.keyset import PAGE_ROWS, Sorting, count_up_to, fetch_page

BATCHES_MAX = 100


@dataclass(frozen=True, slots=True)
class CampaignHead:
    """What every tab of a campaign says of it."""

    id: int
    name: Mapping[str, str]
    state: str
    distribution: str
    store_id: int | None
    store_slug: str | None
    valid_until: datetime
    per_code_cap: int | None
    conditions: Sequence[Mapping[str, Any]]

    @property
    def is_over(self) -> bool:
        return self.state in ("ended", "revoked")


@dataclass(frozen=True, slots=True)
class BatchRow:
    """Codes that were made together, and how many of them are in somebody's hands."""

    id: uuid.UUID
    label: str
    size: int
    prefix: str
    length: int
    per_code_cap: int | None
    state: str
    made_at: datetime


@dataclass(frozen=True, slots=True)
class CodeRow:
    """A code with its limit and how often it was used and not given back."""

    code: str
    state: str
    cap: int | None
    uses: int
    batch_id: uuid.UUID | None
    is_held: bool
    made_at: datetime


@dataclass(frozen=True, slots=True)
class HolderRow:
    """A coupon in somebody's wallet."""

    id: uuid.UUID
    user_id: uuid.UUID
    name: str
    email: str
    state: str
    source: str
    code: str | None
    granted_at: datetime
    reason: str | None
    uses: int


@dataclass(frozen=True, slots=True)
class UseRow:
    """A use: whose, for which order, and what it took off."""

    id: uuid.UUID
    user_id: uuid.UUID
    name: str
    order_id: uuid.UUID
    order_number: str
    code: str | None
    amount_minor: int
    currency: str
    status: str
    claimed_at: datetime


def load_head(session: Session, *, campaign_id: int) -> CampaignHead | None:
    """The head of a campaign; None when there is none."""
    row = session.execute(
        select(
            Campaign.id,
            Campaign.name,
            Campaign.state,
            Campaign.distribution,
            Campaign.store_id,
            Store.slug,
            Campaign.valid_until,
            Campaign.per_code_cap,
            Campaign.conditions,
        )
        .outerjoin(Store, Store.id == Campaign.store_id)
        .where(Campaign.id == campaign_id)
    ).one_or_none()
    return CampaignHead(*row) if row else None


def list_batches(session: Session, *, campaign_id: int) -> list[BatchRow]:
    """The batches of a campaign, the newest first, at most BATCHES_MAX."""
    rows = session.execute(
        select(
            CouponBatch.id,
            CouponBatch.label,
            CouponBatch.size,
            CouponBatch.prefix,
            CouponBatch.length,
            CouponBatch.per_code_cap,
            CouponBatch.state,
            CouponBatch.made_at,
        )
        .where(CouponBatch.campaign_id == campaign_id)
        .order_by(CouponBatch.id.desc())
        .limit(BATCHES_MAX)
    )
    return [BatchRow(*row) for row in rows]


def load_batch(session: Session, *, campaign_id: int, batch_id: uuid.UUID) -> BatchRow | None:
    """One batch of a campaign; None for anybody else's."""
    return next((one for one in list_batches(session, campaign_id=campaign_id) if one.id == batch_id), None)


_CODE_USES = (
    select(func.count())
    .where(
        CouponUse.campaign_id == CouponCode.campaign_id,
        CouponUse.code == CouponCode.code,
        CouponUse.status != "released",
    )
    .correlate(CouponCode)
    .scalar_subquery()
)


def _codes(campaign_id: int) -> Select[Any]:
    return (
        select(
            CouponCode.code,
            CouponCode.state,
            func.coalesce(CouponCode.cap, Campaign.per_code_cap).label("cap"),
            _CODE_USES.label("uses"),
            CouponCode.batch_id,
            CouponCode.holder_id.is_not(None).label("is_held"),
            CouponCode.made_at,
        )
        .join(Campaign, Campaign.id == CouponCode.campaign_id)
        .where(CouponCode.campaign_id == campaign_id)
    )


def list_codes(
    session: Session,
    *,
    campaign_id: int,
    search: str,
    batch_id: uuid.UUID | None,
    cursor: str | None,
    rows_max: int = PAGE_ROWS,
) -> Page[CodeRow]:
    """One page of a campaign's codes: of a batch, or the one looked for, else those that people share.

    Raises CursorInvalidError.
    """
    statement = _codes(campaign_id)
    if search:
        statement = statement.where(CouponCode.code == normalise_code(search))
    elif batch_id is not None:
        statement = statement.where(CouponCode.batch_id == batch_id)
    else:
        statement = statement.where(CouponCode.batch_id.is_(None))
    return fetch_page(
        session,
        statement,
        Sorting((CouponCode.code,), (str,), falling=False),
        make=lambda row: CodeRow(*row),
        key=lambda row: (row.code,),
        cursor_text=cursor,
        mark=fingerprint("codes", campaign_id, search, batch_id),
        rows_max=rows_max,
        total=count_up_to(session, statement.with_only_columns(CouponCode.code)),
    )


def stream_codes(session: Session, *, campaign_id: int, batch_id: uuid.UUID) -> Iterator[CodeRow]:
    """Every code of a batch, a few thousand at a time: for files."""
    statement = _codes(campaign_id).where(CouponCode.batch_id == batch_id).order_by(CouponCode.code)
    for row in session.execute(statement, execution_options={"yield_per": 2_000}):
        yield CodeRow(*row)


def _person(search: str) -> ColumnElement[bool]:
    """Who is looked for, by a whole e-mail address or an id: names are not readable to the database."""
    try:
        return User.id == uuid.UUID(search)
    except ValueError:
        return User.email_index == email_index(search)


def list_holders(
    session: Session,
    *,
    campaign_id: int,
    state: str | None,
    search: str,
    cursor: str | None,
    rows_max: int = PAGE_ROWS,
) -> Page[HolderRow]:
    """One page of who has the coupon, the newest first. Raises CursorInvalidError."""
    uses = (
        select(func.count())
        .where(
            CouponUse.campaign_id == CouponGrant.campaign_id,
            CouponUse.user_id == CouponGrant.user_id,
            CouponUse.status != "released",
        )
        .correlate(CouponGrant)
        .scalar_subquery()
    )
    statement = (
        select(
            CouponGrant.id,
            CouponGrant.user_id,
            User.name,
            User.email,
            CouponGrant.state,
            CouponGrant.source,
            CouponGrant.code,
            CouponGrant.granted_at,
            CouponGrant.reason,
            uses.label("uses"),
        )
        .join(User, User.id == CouponGrant.user_id)
        .where(CouponGrant.campaign_id == campaign_id)
    )
    if state:
        statement = statement.where(CouponGrant.state == state)
    if search:
        code = normalise_code(search)
        statement = statement.where(_person(search) | (CouponGrant.code == code))
    return fetch_page(
        session,
        statement,
        Sorting((CouponGrant.id,), (uuid.UUID,)),
        make=lambda row: HolderRow(*row),
        key=lambda row: (row.id,),
        cursor_text=cursor,
        mark=fingerprint("holders", campaign_id, state, search),
        rows_max=rows_max,
        total=count_up_to(session, statement.with_only_columns(CouponGrant.id)),
    )


def list_campaign_uses(
    session: Session, *, campaign_id: int, status: str | None, cursor: str | None, rows_max: int = PAGE_ROWS
) -> Page[UseRow]:
    """One page of a campaign's uses, the newest first. Raises CursorInvalidError."""
    statement = (
        select(
            CouponUse.id,
            CouponUse.user_id,
            User.name,
            CouponUse.order_id,
            Order.number,
            CouponUse.code,
            CouponUse.amount_minor,
            CouponUse.currency,
            CouponUse.status,
            CouponUse.claimed_at,
        )
        .join(Order, Order.id == CouponUse.order_id)
        .join(User, User.id == CouponUse.user_id)
        .where(CouponUse.campaign_id == campaign_id)
    )
    if status:
        statement = statement.where(CouponUse.status == status)
    return fetch_page(
        session,
        statement,
        Sorting((CouponUse.id,), (uuid.UUID,)),
        make=lambda row: UseRow(*row),
        key=lambda row: (row.id,),
        cursor_text=cursor,
        mark=fingerprint("campaign-uses", campaign_id, status),
        rows_max=rows_max,
        total=count_up_to(session, statement.with_only_columns(CouponUse.id)),
    )
