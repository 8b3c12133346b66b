"""Coupons: campaigns with their terms and counters, codes, wallets and uses."""

import uuid
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Identity, Index, Integer, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base


class Campaign(Base):
    """The terms of a coupon and how often it was claimed. Amounts are maps of currency to minor units.

    `distribution` says how people come by it (CPN-02): a code, a claim from a page, by itself, or given to them.
    `seller_shares` maps a store to the percentage that it bears of what is taken off its goods; the platform bears the
    rest (CPN-15). `valid_until` is exclusive; uses are taken for `grace_hours` longer. `version` counts the changes of
    terms; each is kept as a CampaignVersion.
    """

    __tablename__ = "campaign"
    __table_args__ = (
        CheckConstraint("kind IN ('percentage', 'fixed', 'free_shipping')", name="kind"),
        CheckConstraint("percent > 0 AND percent <= 100", name="percent"),
        CheckConstraint("valid_until > valid_from", name="window"),
        CheckConstraint("used >= 0 AND (cap IS NULL OR used <= cap)", name="cap"),
        CheckConstraint("funding IN ('seller', 'platform', 'shared')", name="funding"),
        CheckConstraint("funding <> 'seller' OR store_id IS NOT NULL", name="seller_funded"),
        CheckConstraint("(funding = 'shared') = (seller_shares <> '{}')", name="shared"),
        CheckConstraint("state IN ('draft', 'scheduled', 'running', 'paused', 'ended', 'revoked')", name="state"),
        CheckConstraint("distribution IN ('code', 'claim', 'automatic', 'grant')", name="distribution"),
        CheckConstraint("on_refund IN ('keep', 'ask_back')", name="on_refund"),
        CheckConstraint("cap > 0 AND per_user_cap > 0 AND per_code_cap > 0 AND per_day_cap > 0", name="limits"),
        CheckConstraint("grace_hours BETWEEN 0 AND 8760", name="grace"),
        Index("ix_campaign_state", "state", "valid_until"),
        Index("ix_campaign_automatic", "valid_until", postgresql_where=text("distribution = 'automatic'")),
    )

    id: Mapped[int] = mapped_column(Identity(always=False), primary_key=True)
    name: Mapped[dict[str, Any]]
    kind: Mapped[str]
    target: Mapped[str]
    percent: Mapped[Decimal | None]
    amounts: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    max_discounts: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    conditions: Mapped[list[Any]] = mapped_column(server_default=text("'[]'"))
    store_id: Mapped[int | None] = mapped_column(ForeignKey("store.id"), index=True)
    funding: Mapped[str] = mapped_column(server_default="platform")
    seller_shares: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    on_refund: Mapped[str] = mapped_column(server_default="keep")
    distribution: Mapped[str] = mapped_column(server_default="code")
    lane: Mapped[str] = mapped_column(server_default="default")
    stackable: Mapped[bool] = mapped_column(server_default=text("false"))
    priority: Mapped[int] = mapped_column(Integer, server_default=text("100"))
    valid_from: Mapped[datetime]
    valid_until: Mapped[datetime]
    grace_hours: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    cap: Mapped[int | None] = mapped_column(Integer)
    per_user_cap: Mapped[int | None] = mapped_column(Integer)
    per_code_cap: Mapped[int | None] = mapped_column(Integer)
    per_day_cap: Mapped[int | None] = mapped_column(Integer)
    budgets: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    used: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    state: Mapped[str] = mapped_column(server_default="running")
    issued_at: Mapped[datetime]
    issued_by: Mapped[str]
    version: Mapped[int] = mapped_column(server_default=text("1"))
    updated_at: Mapped[datetime] = mapped_column(server_default=text("now()"))


class CampaignVersion(Base):
    """The terms of a campaign as somebody saved them. Never changed; uses keep terms of their own beside it."""

    __tablename__ = "campaign_version"

    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    terms: Mapped[dict[str, Any]]
    saved_at: Mapped[datetime]
    saved_by: Mapped[str]


class CampaignCounter(Base):
    """What claims took of a limit: of a budget by currency, of a code's uses, of a day's. `cap` as last counted."""

    __tablename__ = "campaign_counter"
    __table_args__ = (
        CheckConstraint("scope IN ('budget', 'claim', 'code', 'day')", name="scope"),
        CheckConstraint("used >= 0 AND used <= cap", name="used"),
    )

    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"), primary_key=True)
    scope: Mapped[str] = mapped_column(primary_key=True)
    entity: Mapped[str] = mapped_column(primary_key=True)
    used: Mapped[int]
    cap: Mapped[int]


class CouponCode(Base):
    """A code that opens a campaign; kept in its normal form.

    `cap` is how often it may be used, where that differs from its campaign's. `holder_id` is whoever has taken a code
    for one person into his wallet: it opens nothing for anybody else.
    """

    __tablename__ = "coupon_code"
    __table_args__ = (
        CheckConstraint("state IN ('active', 'suspended', 'revoked')", name="state"),
        CheckConstraint("cap > 0", name="cap"),
        Index("ix_coupon_code_batch_id", "batch_id"),
        Index("ix_coupon_code_holder_id", "holder_id", postgresql_where=text("holder_id IS NOT NULL")),
    )

    code: Mapped[str] = mapped_column(primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"), index=True)
    batch_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("coupon_batch.id"))
    state: Mapped[str] = mapped_column(server_default="active")
    cap: Mapped[int | None] = mapped_column(Integer)
    holder_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("user_account.id"))
    made_at: Mapped[datetime] = mapped_column(server_default=text("now()"))


class CouponGrant(Base):
    """A coupon in somebody's wallet. `source` says how he came by it; `ended_at` when it was revoked or ran out."""

    __tablename__ = "coupon_grant"
    __table_args__ = (
        CheckConstraint("state IN ('held', 'suspended', 'revoked', 'expired')", name="state"),
        CheckConstraint("source IN ('claimed', 'code', 'given')", name="source"),
        UniqueConstraint("user_id", "campaign_id"),
        Index("ix_coupon_grant_granted_at", "granted_at"),
        Index("ix_coupon_grant_code", "code", postgresql_where=text("code IS NOT NULL")),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id"))
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"), index=True)
    state: Mapped[str] = mapped_column(server_default="held")
    source: Mapped[str] = mapped_column(server_default="given")
    code: Mapped[str | None]
    granted_at: Mapped[datetime]
    granted_by: Mapped[str] = mapped_column(server_default="system")
    warned_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    reason: Mapped[str | None]


class CouponTally(Base):
    """How often a person has claimed a campaign: what the limit per person is checked against, under its row lock."""

    __tablename__ = "coupon_tally"
    __table_args__ = (CheckConstraint("used >= 0", name="used"),)

    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"), primary_key=True)
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id"), primary_key=True)
    used: Mapped[int] = mapped_column(Integer)


class CouponUse(Base):
    """One claim of a coupon by an order, with the terms as they were: reserved, then redeemed or released.

    `day` is the channel's calendar day on which it counts.
    """

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
    day: Mapped[date | None]
    updated_at: Mapped[datetime]
