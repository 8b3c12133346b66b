"""Coupons by the code that somebody names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.kit.ids import normalise_code
from portal.models import Campaign, CouponCode, CouponUse


@dataclass(frozen=True, slots=True)
class CouponFound:
    """A code with its campaign and how often it was claimed and not given back."""

    code: str
    campaign_id: int
    name: Mapping[str, str]
    state: str
    uses: int


def find_code(session: Session, typed: str) -> CouponFound | None:
    """The coupon of a code as people type it; None for anything else."""
    uses = (
        select(func.count())
        .where(CouponUse.campaign_id == Campaign.id, CouponUse.status != "released")
        .correlate(Campaign)
        .scalar_subquery()
    )
    row = session.execute(
        select(CouponCode.code, Campaign.id, Campaign.name, Campaign.state, uses)
        .join(Campaign, Campaign.id == CouponCode.campaign_id)
        .where(CouponCode.code == normalise_code(typed))
    ).one_or_none()
    return CouponFound(*row) if row else None
