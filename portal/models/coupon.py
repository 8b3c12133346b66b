"""Coupons: campaigns with their terms and counters, codes, wallets and uses."""

from __future__ import annotations

import uuid
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Identity, Index, Integer, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base


class Campaign(Base):
    """The terms of a coupon and how often it was claimed. Amounts are maps of currency to minor units."""

    __tablename__ = "campaign"
    __table_args__ = (
        CheckConstraint("kind IN ('percentage', 'fixed', 'free_shipping')", name="kind"),
        CheckConstraint("percent > 0 AND percent <= 100", name="percent"),
        CheckConstraint("valid_until > valid_from", name="window"),
        CheckConstraint("used >= 0 AND (cap IS NULL OR used <= cap)", name="cap"),
        CheckConstraint("funding IN ('seller', 'platform')", name="funding"),
        CheckConstraint("funding <> 'seller' OR store_id IS NOT NULL", name="seller_funded"),
    )

    id: Mapped[int] = mapped_column(Identity(always=False), primary_key=True)
    name: Mapped[dict[str, Any]]
    kind: Mapped[str]
    target: Mapped[str]
    percent: Mapped[Decimal | None]
    amounts: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    max_discounts: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    min_subtotals: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    conditions: Mapped[list[Any]] = mapped_column(server_default=text("'[]'"))
    store_id: Mapped[int | None] = mapped_column(ForeignKey("store.id"), index=True)
    funding: Mapped[str] = mapped_column(server_default="platform")
    distribution: Mapped[str] = mapped_column(server_default="code")
    lane: Mapped[str] = mapped_column(server_default="default")
    stackable: Mapped[bool] = mapped_column(server_default=text("false"))
    priority: Mapped[int] = mapped_column(Integer, server_default=text("100"))
    valid_from: Mapped[datetime]
    valid_until: Mapped[datetime]
    cap: Mapped[int | None] = mapped_column(Integer)
    per_user_cap: Mapped[int | None] = mapped_column(Integer)
    used: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    state: Mapped[str] = mapped_column(server_default="running")
    issued_at: Mapped[datetime]
    issued_by: Mapped[str]
    version: Mapped[int] = mapped_column(server_default=text("1"))


class CouponCode(Base):
    """A code that opens a campaign; kept in its normal form."""

    __tablename__ = "coupon_code"

    code: Mapped[str] = mapped_column(primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"), index=True)
    state: Mapped[str] = mapped_column(server_default="active")


class CouponGrant(Base):
    """A coupon in somebody's wallet."""

    __tablename__ = "coupon_grant"
    __table_args__ = (UniqueConstraint("user_id", "campaign_id"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id"))
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"), index=True)
    state: Mapped[str] = mapped_column(server_default="held")
    granted_at: Mapped[datetime]


class CouponTally(Base):
    """How often a person has claimed a campaign: what the limit per person is checked against, under its row lock."""

    __tablename__ = "coupon_tally"
    __table_args__ = (CheckConstraint("used >= 0", name="used"),)

    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"), primary_key=True)
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id"), primary_key=True)
    used: Mapped[int] = mapped_column(Integer)


class CouponUse(Base):
    """One claim of a coupon by an order, with the terms as they were: reserved, then redeemed or released."""

    __tablename__ = "coupon_use"
    __table_args__ = (
        CheckConstraint("status IN ('reserved', 'redeemed', 'released')", name="status"),
        CheckConstraint("amount_minor >= 0", name="amount"),
        UniqueConstraint("order_id", "campaign_id"),
        Index("ix_coupon_use_campaign", "campaign_id", "status"),
        Index("ix_coupon_use_user", "user_id", "campaign_id"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"))
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id"))
    order_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("orders.id"))
    code: Mapped[str | None]
    currency: Mapped[str]
    amount_minor: Mapped[int]
    terms: Mapped[dict[str, Any]]
    status: Mapped[str]
    claimed_at: Mapped[datetime]
    updated_at: Mapped[datetime]
