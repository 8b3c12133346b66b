"""Offers that are chosen for buyers as they look: what there is, by what it is chosen, and every choice (INC-04)."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import ARRAY, CheckConstraint, Float, ForeignKey, Identity, Index, Integer, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base


class Offer(Base):
    """A coupon that may be offered at home and in the cart. Without a channel it is one for all of them.

    `segment` narrows to whom; the rules make the first that fits by `position`. `made` counts the people to whom it was
    shown, against `people_max`. `reason` says why it was paused by itself.
    """

    __tablename__ = "offer"
    __table_args__ = (
        CheckConstraint("state IN ('draft', 'running', 'paused', 'ended')", name="state"),
        CheckConstraint("made BETWEEN 0 AND people_max", name="budget"),
    )

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    title: Mapped[str]
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"))
    channel_id: Mapped[int | None] = mapped_column(ForeignKey("channel.id"))
    segment: Mapped[str | None]
    position: Mapped[int] = mapped_column(Integer)
    people_max: Mapped[int] = mapped_column(Integer)
    made: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    state: Mapped[str] = mapped_column(server_default="draft")
    reason: Mapped[str | None]
    author_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id"))
    created_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(server_default=text("1"))


class OfferStrategy(Base):
    """How offers are chosen, as somebody set it; the newest version counts, and none is ever changed."""

    __tablename__ = "offer_strategy"
    __table_args__ = (CheckConstraint("version > 0", name="version"),)

    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    body: Mapped[dict[str, Any]]
    note: Mapped[str]
    author_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id"))
    created_at: Mapped[datetime]


class OfferModel(Base):
    """What was learned of all offers up to a moment, and what that is worth by the log; never changed."""

    __tablename__ = "offer_model"

    version: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    model: Mapped[dict[str, Any]]
    card: Mapped[dict[str, Any]]
    choices: Mapped[int] = mapped_column(Integer)
    fitted_at: Mapped[datetime]


class OfferModelPlace(Base):
    """Which model chooses since when; the newest row counts, and no model leaves it to the rules.

    Pinned by somebody it stays until somebody says otherwise; else the next good one takes its place by itself.
    """

    __tablename__ = "offer_model_place"

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    model_version: Mapped[int | None] = mapped_column(ForeignKey("offer_model.version"))
    is_pinned: Mapped[bool]
    reason: Mapped[str]
    placed_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("user_account.id"))
    placed_at: Mapped[datetime]


class OfferChoice(Base):
    """What was chosen for somebody, once for all pages and channels until `stands_until`; written before it is shown.

    `candidates` are pairs of an offer that could be made and its chance, in order; "none" is one, and where it was
    chosen `offer_id` is empty. `probability` is that of the choice. `told_by` says whether the model or the rule would
    have chosen so, or only the draw among all. The reward, in minor units of `currency`, is what he paid for goods that
    he kept within the window, less the coupon; it is written once the window is over.
    """

    __tablename__ = "offer_choice"
    __table_args__ = (
        CheckConstraint("arm IN ('chosen', 'holdout')", name="arm"),
        CheckConstraint("place IN ('home', 'cart')", name="place"),
        CheckConstraint("told_by IN ('model', 'rule', 'draw')", name="told_by"),
        CheckConstraint("arm = 'chosen' OR offer_id IS NULL", name="holdout"),
        CheckConstraint("probability > 0 AND probability <= 1", name="probability"),
        Index("ix_offer_choice_user_id", "user_id", "stands_until"),
        Index("ix_offer_choice_chosen_at", "chosen_at"),
        Index("ix_offer_choice_taken_at", "taken_at", postgresql_where=text("taken_at IS NOT NULL")),
        Index("ix_offer_choice_unrewarded", "chosen_at", postgresql_where=text("rewarded_at IS NULL")),
    )

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id"))
    channel_id: Mapped[int] = mapped_column(ForeignKey("channel.id"))
    place: Mapped[str]
    arm: Mapped[str]
    offer_id: Mapped[int | None] = mapped_column(ForeignKey("offer.id"))
    candidates: Mapped[list[Any]]
    probability: Mapped[float] = mapped_column(Float)  # lint: allow float: a chance, not money
    context: Mapped[list[float]] = mapped_column(ARRAY(Float))  # lint: allow float: features of a model, not money
    told_by: Mapped[str]
    reasons: Mapped[list[str]]
    strategy_version: Mapped[int | None]
    model_version: Mapped[int | None] = mapped_column(ForeignKey("offer_model.version"))
    chosen_at: Mapped[datetime]
    stands_until: Mapped[datetime]
    window_days: Mapped[int] = mapped_column(Integer)
    taken_at: Mapped[datetime | None]
    dismissed_at: Mapped[datetime | None]
    currency: Mapped[str | None]
    reward_minor: Mapped[int | None]
    cost_minor: Mapped[int | None]
    rewarded_at: Mapped[datetime | None]
