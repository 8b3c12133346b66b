"""Suspicions about coupons, for administrators (CPN-14)."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from portal.kit.paging import Page, fingerprint
from portal.models import Campaign, CouponFlag, CouponGrant, User
from portal.queries.keyset import Sorting, count_up_to, fetch_page
from portal.queries.listings.coupons import FlagFilter, narrowed_flags


@dataclass(frozen=True, slots=True)
class FlagRow:
    """A suspicion: which rule, what it counted, about a code or a person's coupon, and what became of it."""

    id: uuid.UUID
    rule: str
    campaign_id: int
    campaign_name: Mapping[str, str]
    code: str | None
    grant_id: uuid.UUID | None
    user_id: uuid.UUID | None
    user_name: str | None
    found: int
    threshold: int
    is_suspended: bool
    state: str
    raised_at: datetime
    appeal: str | None
    appealed_at: datetime | None
    decided_at: datetime | None
    decided_by: str | None
    reason: str | None


def _flags() -> Select[Any]:
    return (
        select(
            CouponFlag.id,
            CouponFlag.rule,
            CouponFlag.campaign_id,
            Campaign.name,
            CouponFlag.code,
            CouponFlag.grant_id,
            CouponFlag.user_id,
            User.name.label("user_name"),
            CouponFlag.found,
            CouponFlag.threshold,
            CouponFlag.is_suspended,
            CouponFlag.state,
            CouponFlag.raised_at,
            CouponFlag.appeal,
            CouponFlag.appealed_at,
            CouponFlag.decided_at,
            CouponFlag.decided_by,
            CouponFlag.reason,
        )
        .join(Campaign, Campaign.id == CouponFlag.campaign_id)
        .outerjoin(User, User.id == CouponFlag.user_id)
    )


def list_flags(session: Session, *, chosen: FlagFilter, cursor: str | None = None) -> Page[FlagRow]:
    """One page of suspicions, the newest first. Raises CursorInvalidError."""
    statement = narrowed_flags(_flags(), chosen)
    return fetch_page(
        session,
        statement,
        Sorting((CouponFlag.id,), (uuid.UUID,)),
        make=lambda row: FlagRow(*row),
        key=lambda row: (row.id,),
        cursor_text=cursor,
        mark=fingerprint("flags", chosen),
        total=count_up_to(session, statement.with_only_columns(CouponFlag.id)),
    )


def load_flag(session: Session, *, flag_id: uuid.UUID) -> FlagRow | None:
    """One suspicion; None when there is none."""
    row = session.execute(_flags().where(CouponFlag.id == flag_id)).one_or_none()
    return FlagRow(*row) if row else None


def load_own_flag(session: Session, *, flag_id: uuid.UUID, user_id: uuid.UUID) -> FlagRow | None:
    """A suspicion that suspended a coupon of this person; None for anybody else's."""
    holds = (
        select(CouponGrant.id)
        .where(
            CouponGrant.user_id == user_id,
            (CouponGrant.id == CouponFlag.grant_id) | (CouponGrant.code == CouponFlag.code),
        )
        .exists()
    )
    row = session.execute(_flags().where(CouponFlag.id == flag_id, CouponFlag.is_suspended, holds)).one_or_none()
    return FlagRow(*row) if row else None
