"""What the mall asks of every channel, in versions, and how channels differ where they may (CHN-04, CHN-05)."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Identity, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base


class HouseRule(Base):
    """A version of the policy or of the branding. The newest of its kind holds; append-only.

    A channel that has not confirmed it by `due_at` loses `features`. `fixed` are terms in which no channel may differ.
    """

    __tablename__ = "house_rule"
    __table_args__ = (
        CheckConstraint("kind IN ('policy', 'branding')", name="kind"),
        UniqueConstraint("kind", "version"),
    )

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    kind: Mapped[str]
    version: Mapped[int]
    words: Mapped[dict[str, Any]]
    features: Mapped[list[str]]
    fixed: Mapped[list[str]] = mapped_column(server_default=text("'{}'"))
    due_at: Mapped[datetime]
    written_by: Mapped[str]
    written_at: Mapped[datetime]


class ChannelConfirmation(Base):
    """Somebody has seen to it that a channel is as this version asks, and says how."""

    __tablename__ = "channel_confirmation"

    channel_id: Mapped[int] = mapped_column(ForeignKey("channel.id"), primary_key=True, autoincrement=False)
    rule_id: Mapped[int] = mapped_column(ForeignKey("house_rule.id"), primary_key=True, autoincrement=False)
    note: Mapped[str]
    by: Mapped[str]
    at: Mapped[datetime]


class ChannelBlock(Base):
    """A time in which a channel went without the features of a version that nobody had confirmed."""

    __tablename__ = "channel_block"

    channel_id: Mapped[int] = mapped_column(ForeignKey("channel.id"), primary_key=True, autoincrement=False)
    rule_id: Mapped[int] = mapped_column(ForeignKey("house_rule.id"), primary_key=True, autoincrement=False)
    began_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class OverrideDecision(Base):
    """A channel differs from the mall in a term, or no more: what was and is typed, who decided it, and why.

    With a product it is about the channel's own words of it.
    """

    __tablename__ = "override_decision"
    __table_args__ = (
        Index("ix_override_decision_channel_id", "channel_id", text("id DESC")),
        Index(
            "ix_override_decision_product_id",
            "product_id",
            text("id DESC"),
            postgresql_where=text("product_id IS NOT NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    channel_id: Mapped[int] = mapped_column(ForeignKey("channel.id"))
    product_id: Mapped[int | None] = mapped_column(ForeignKey("product.id"))
    term: Mapped[str]
    before: Mapped[str | None]
    after: Mapped[str | None]
    why: Mapped[str]
    by: Mapped[str]
    at: Mapped[datetime]
