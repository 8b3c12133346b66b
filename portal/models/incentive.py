"""Incentives: what is foretold of each customer, and by which version of the models (INC-01)."""

import uuid
from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Identity, Index, Integer, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base


class ScoreVersion(Base):
    """The models that scores come from, as they were fitted to all customers of a moment; never changed.

    `model` is empty where too few customers had come again for any; `reason` says so then.
    """

    __tablename__ = "score_version"

    version: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    model: Mapped[dict[str, Any]]
    customers: Mapped[int] = mapped_column(Integer)
    currency: Mapped[str]
    reason: Mapped[str | None]
    fitted_at: Mapped[datetime]


class ScoreState(Base):
    """The one row that says up to which transition purchases are in the scores."""

    __tablename__ = "score_state"
    __table_args__ = (CheckConstraint("id = 1", name="one"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    transition_id: Mapped[int] = mapped_column(server_default=text("0"))
    scored_at: Mapped[datetime | None]


class CustomerScore(Base):
    """What is known and foretold of somebody who has bought. Derived from orders, and renewed from them.

    Amounts are in `currency`, the platform's. What one buys on one day is one purchase. Classes are fifths, 5 the best.
    `expected_milli` are thousandths of purchases, `expected_minor` what they bring, both within SCORED_AHEAD days;
    `churn_bp` is the chance, in basis points, of none. They are None where too little is known for any model, and
    `response_bp`, what an incentive adds to the chance of buying, where nobody was ever chosen at random.
    """

    __tablename__ = "customer_score"
    __table_args__ = (
        CheckConstraint("purchases > 0 AND last_on >= first_on", name="purchases"),
        CheckConstraint(
            "recency BETWEEN 1 AND 5 AND frequency BETWEEN 1 AND 5 AND money BETWEEN 1 AND 5", name="classes"
        ),
        CheckConstraint("churn_bp BETWEEN 0 AND 10000 AND response_bp BETWEEN -10000 AND 10000", name="shares"),
    )

    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id"), primary_key=True)
    version: Mapped[int] = mapped_column(ForeignKey("score_version.version"), index=True)
    scored_at: Mapped[datetime]
    currency: Mapped[str]
    purchases: Mapped[int] = mapped_column(Integer)
    first_on: Mapped[date]
    last_on: Mapped[date]
    spent_minor: Mapped[int]
    recency: Mapped[int] = mapped_column(Integer)
    frequency: Mapped[int] = mapped_column(Integer)
    money: Mapped[int] = mapped_column(Integer)
    expected_milli: Mapped[int | None]
    expected_minor: Mapped[int | None]
    churn_bp: Mapped[int | None] = mapped_column(Integer)
    response_bp: Mapped[int | None] = mapped_column(Integer)


class SegmentVersion(Base):
    """A segment as somebody wrote it; the newest version counts (INC-02). Without `is_live` it has no members."""

    __tablename__ = "segment_version"
    __table_args__ = (CheckConstraint("version > 0", name="version"),)

    key: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    title: Mapped[str]
    source: Mapped[str]
    is_live: Mapped[bool]
    author_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id"))
    created_at: Mapped[datetime]


class SegmentMember(Base):
    """That somebody is in a segment, since when."""

    __tablename__ = "segment_member"
    __table_args__ = (Index("ix_segment_member_user_id", "user_id"),)

    key: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id"), primary_key=True)
    since: Mapped[datetime]


class SegmentMove(Base):
    """That somebody came into a segment, or left it: what its history and what is offered on entry are read from."""

    __tablename__ = "segment_move"
    __table_args__ = (Index("ix_segment_move_key", "key", "id"),)

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    key: Mapped[str]
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id"))
    entered: Mapped[bool]
    at: Mapped[datetime]


class IncentiveHouse(Base):
    """The one row of the house's permanent control group: by which salt it is drawn, and how large it is."""

    __tablename__ = "incentive_house"
    __table_args__ = (
        CheckConstraint("id = 1", name="one"),
        CheckConstraint("holdout_bp BETWEEN 500 AND 1000", name="holdout"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    salt: Mapped[str]
    holdout_bp: Mapped[int] = mapped_column(Integer)
    made_at: Mapped[datetime]


class Automation(Base):
    """An offer that is made by itself when somebody enters a segment, or on an event (INC-03).

    `amount_minor` is points or minor units of `currency`; `made` counts the offers against `people_max`. `seen_id` is
    the last entry or event that was looked at. Hours are of the channel's zone.
    """

    __tablename__ = "automation"
    __table_args__ = (
        CheckConstraint("state IN ('draft', 'running', 'paused', 'ended')", name="state"),
        CheckConstraint("num_nonnulls(segment, event) = 1", name="trigger"),
        CheckConstraint("action IN ('coupon', 'mileage', 'deposit')", name="action"),
        CheckConstraint("(action = 'coupon') = (campaign_id IS NOT NULL)", name="coupon"),
        CheckConstraint("(action = 'coupon') = (amount_minor IS NULL)", name="amount"),
        CheckConstraint("made BETWEEN 0 AND people_max AND amount_minor > 0", name="budget"),
        CheckConstraint("control_bp BETWEEN 500 AND 5000", name="control"),
        CheckConstraint("told_by IN ('bell', 'mail', 'both')", name="told_by"),
    )

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    title: Mapped[str]
    channel_id: Mapped[int] = mapped_column(ForeignKey("channel.id"))
    segment: Mapped[str | None]
    event: Mapped[str | None]
    action: Mapped[str]
    campaign_id: Mapped[int | None] = mapped_column(ForeignKey("campaign.id"))
    currency: Mapped[str]
    amount_minor: Mapped[int | None]
    people_max: Mapped[int] = mapped_column(Integer)
    made: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    every_days: Mapped[int] = mapped_column(Integer)
    window_days: Mapped[int] = mapped_column(Integer)
    control_bp: Mapped[int] = mapped_column(Integer)
    quiet_from: Mapped[int] = mapped_column(Integer)
    quiet_until: Mapped[int] = mapped_column(Integer)
    told_by: Mapped[str] = mapped_column(server_default="bell")
    salt: Mapped[str]
    state: Mapped[str] = mapped_column(server_default="draft")
    seen_id: Mapped[int] = mapped_column(server_default=text("0"))
    # Why it was paused by itself.
    reason: Mapped[str | None]
    simulation: Mapped[dict[str, Any] | None]
    started_at: Mapped[datetime | None]
    author_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id"))
    created_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(server_default=text("1"))


class IncentiveAssignment(Base):
    """Into which arm of an automation somebody was drawn: written before he is offered anything, and never changed.

    Only who waits is told later, at `due_at`; `state` says whether the offer was made, or why it was not.
    """

    __tablename__ = "incentive_assignment"
    __table_args__ = (
        UniqueConstraint("automation_id", "user_id"),
        CheckConstraint("arm IN ('offer', 'control', 'holdout')", name="arm"),
        CheckConstraint("state IN ('waiting', 'made', 'withheld')", name="state"),
        CheckConstraint("(arm = 'offer') OR (state = 'withheld')", name="control"),
        Index("ix_incentive_assignment_due", "due_at", postgresql_where=text("state = 'waiting'")),
        Index("ix_incentive_assignment_user_id", "user_id", "made_at"),
        Index("ix_incentive_assignment_automation_id", "automation_id", "assigned_at"),
    )

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    automation_id: Mapped[int] = mapped_column(ForeignKey("automation.id"))
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id"))
    arm: Mapped[str]
    state: Mapped[str]
    reason: Mapped[str | None]
    churn_bp: Mapped[int | None] = mapped_column(Integer)
    assigned_at: Mapped[datetime]
    due_at: Mapped[datetime]
    made_at: Mapped[datetime | None]
