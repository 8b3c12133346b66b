"""Coupons in hands: batches of codes, bulk work, what was done with coupons, and suspicions (CPN-02, 11, 14)."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.crypto import EncryptedText
from portal.db import Base


class CouponBatch(Base):
    """Codes that were made together. `per_code_cap` is how often each may be used; None is without a limit."""

    __tablename__ = "coupon_batch"
    __table_args__ = (
        CheckConstraint("state IN ('active', 'revoked')", name="state"),
        CheckConstraint("size > 0 AND length > 0 AND per_code_cap > 0", name="numbers"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"), index=True)
    label: Mapped[str]
    size: Mapped[int] = mapped_column(Integer)
    prefix: Mapped[str] = mapped_column(server_default="")
    length: Mapped[int] = mapped_column(Integer)
    per_code_cap: Mapped[int | None] = mapped_column(Integer)
    state: Mapped[str] = mapped_column(server_default="active")
    made_at: Mapped[datetime]
    made_by: Mapped[str]


class CouponBulk(Base):
    """A list of people to whom a coupon is given, or from whom it is taken back; worked through row by row."""

    __tablename__ = "coupon_bulk"
    __table_args__ = (
        CheckConstraint("kind IN ('grant', 'revoke')", name="kind"),
        CheckConstraint("state IN ('waiting', 'running', 'done')", name="state"),
        CheckConstraint("done >= 0 AND failed >= 0 AND done + failed <= total", name="progress"),
        Index("ix_coupon_bulk_campaign_id", "campaign_id", text("made_at DESC")),
        Index("ix_coupon_bulk_open", "made_at", postgresql_where=text("state <> 'done'")),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"))
    kind: Mapped[str]
    state: Mapped[str] = mapped_column(server_default="waiting")
    total: Mapped[int] = mapped_column(Integer)
    done: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    failed: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    reason: Mapped[str] = mapped_column(server_default="")
    actor: Mapped[dict[str, Any]]
    made_at: Mapped[datetime]
    made_by: Mapped[str]
    ended_at: Mapped[datetime | None]


class CouponBulkRow(Base):
    """One line of a list. `outcome` is None until it was worked on, then `done` or the code of what was wrong."""

    __tablename__ = "coupon_bulk_row"
    __table_args__ = (
        Index("ix_coupon_bulk_row_open", "bulk_id", "position", postgresql_where=text("outcome IS NULL")),
    )

    bulk_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("coupon_bulk.id"), primary_key=True)
    position: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    who: Mapped[str] = mapped_column(EncryptedText("coupon_bulk_row.who"))
    outcome: Mapped[str | None]


class CouponAct(Base):
    """A code that missed, or a coupon that somebody took into his wallet: beside uses what abuse is found in (CPN-14).

    `network` and `code_index` are blind indexes; `code` is written only where there is such a code.
    """

    __tablename__ = "coupon_act"
    __table_args__ = (
        CheckConstraint("kind IN ('miss', 'claim')", name="kind"),
        Index("ix_coupon_act_at", "at"),
        Index("ix_coupon_act_user_id", "user_id", "at"),
        Index("ix_coupon_act_code", "code", postgresql_where=text("code IS NOT NULL")),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    kind: Mapped[str]
    user_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("user_account.id"))
    device_id: Mapped[uuid.UUID | None]
    network: Mapped[bytes | None]
    code_index: Mapped[bytes | None]
    code: Mapped[str | None]
    campaign_id: Mapped[int | None] = mapped_column(ForeignKey("campaign.id"))


class CouponAbuseRule(Base):
    """A rule of abuse as it is set; the rules themselves are in rules/coupons/abuse.py."""

    __tablename__ = "coupon_abuse_rule"
    __table_args__ = (
        CheckConstraint("threshold > 0 AND window_minutes > 0", name="numbers"),
        CheckConstraint("act IN ('off', 'flag', 'suspend')", name="act"),
    )

    name: Mapped[str] = mapped_column(primary_key=True)
    threshold: Mapped[int] = mapped_column(Integer)
    window_minutes: Mapped[int] = mapped_column(Integer)
    act: Mapped[str]
    changed_at: Mapped[datetime]
    changed_by: Mapped[str]


class CouponFlag(Base):
    """A suspicion about a code or about somebody's coupon, and what became of it."""

    __tablename__ = "coupon_flag"
    __table_args__ = (
        CheckConstraint("state IN ('open', 'confirmed', 'undone')", name="state"),
        CheckConstraint("num_nonnulls(code, grant_id) = 1", name="subject"),
        Index("uq_coupon_flag_code", "rule", "code", unique=True, postgresql_where=text("state = 'open'")),
        Index("uq_coupon_flag_grant", "rule", "grant_id", unique=True, postgresql_where=text("state = 'open'")),
        Index("ix_coupon_flag_state", "state", text("raised_at DESC")),
        Index("ix_coupon_flag_campaign_id", "campaign_id"),
        Index("ix_coupon_flag_grant_id", "grant_id"),
        Index("ix_coupon_flag_code", "code"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    rule: Mapped[str]
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"))
    code: Mapped[str | None] = mapped_column(ForeignKey("coupon_code.code"))
    grant_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("coupon_grant.id"))
    user_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("user_account.id"))
    found: Mapped[int] = mapped_column(Integer)
    threshold: Mapped[int] = mapped_column(Integer)
    is_suspended: Mapped[bool]
    state: Mapped[str] = mapped_column(server_default="open")
    raised_at: Mapped[datetime]
    appeal: Mapped[str | None] = mapped_column(EncryptedText("coupon_flag.appeal"))
    appealed_at: Mapped[datetime | None]
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[str | None]
    reason: Mapped[str | None]
