"""Loyalty: rules of mileage and of tiers in versions that never change, and where each person stands."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Identity, Index, Integer, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base


class LoyaltyVersion(Base):
    """Rules as somebody wrote them, valid from their start on until another version starts (BAL-04, BAL-08)."""

    __tablename__ = "loyalty_version"
    __table_args__ = (
        CheckConstraint("kind IN ('mileage', 'tiers')", name="kind"),
        CheckConstraint("version > 0", name="version"),
        CheckConstraint("starts_at >= created_at", name="start"),
        Index("ix_loyalty_version_starts_at", "kind", text("starts_at DESC"), text("version DESC")),
    )

    kind: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    body: Mapped[dict[str, Any]]
    note: Mapped[str]
    author_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id"))
    starts_at: Mapped[datetime]
    created_at: Mapped[datetime]


class MemberTier(Base):
    """The tier of a person who was looked at; whoever has no row has the lowest (BAL-08).

    `spend_minor` is what was spent in the rolling period, in the platform's currency. The tier holds until `until`.
    """

    __tablename__ = "member_tier"
    __table_args__ = (Index("ix_member_tier_until", "until"),)

    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id"), primary_key=True)
    tier: Mapped[str]
    spend_minor: Mapped[int] = mapped_column(server_default=text("0"))
    since: Mapped[datetime]
    until: Mapped[datetime]
    version: Mapped[int] = mapped_column(Integer)
    checked_at: Mapped[datetime]


class TierMove(Base):
    """That somebody came into a tier: up at once, down when its period ended, or because the tiers changed."""

    __tablename__ = "tier_move"
    __table_args__ = (Index("ix_tier_move_user_id", "user_id", text("id DESC")),)

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id"))
    from_tier: Mapped[str | None]
    to_tier: Mapped[str]
    reason: Mapped[str]
    spend_minor: Mapped[int]
    version: Mapped[int] = mapped_column(Integer)
    at: Mapped[datetime]


class ReferralCode(Base):
    """What somebody's invitations carry."""

    __tablename__ = "referral_code"

    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id"), primary_key=True)
    code: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[datetime]


class Referral(Base):
    """That somebody was invited by another: both are given points once, with the first order that is kept (BAL-04)."""

    __tablename__ = "referral"
    __table_args__ = (
        CheckConstraint("state IN ('waiting', 'given', 'refused')", name="state"),
        CheckConstraint("referee_id <> referrer_id", name="self"),
        Index("ix_referral_referrer_id", "referrer_id"),
    )

    referee_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id"), primary_key=True)
    referrer_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id"))
    state: Mapped[str]
    reason: Mapped[str | None]
    order_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("orders.id"))
    referrer_points: Mapped[int] = mapped_column(server_default=text("0"))
    referee_points: Mapped[int] = mapped_column(server_default=text("0"))
    created_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
