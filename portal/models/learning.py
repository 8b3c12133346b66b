"""What models learn from, and the models (FRD-09)."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import ARRAY, CheckConstraint, Float, ForeignKey, Identity, Index, Integer, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base


class TrainingSet(Base):
    """Labelled events of one origin, by name, with the columns that their further features come from."""

    __tablename__ = "training_set"

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    columns: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]


class TrainingFile(Base):
    """A file that was taken whole, by what is in it: the same one again changes nothing."""

    __tablename__ = "training_file"
    __table_args__ = (UniqueConstraint("training_set_id", "sha256"),)

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    training_set_id: Mapped[int] = mapped_column(ForeignKey("training_set.id"))
    name: Mapped[str]
    sha256: Mapped[str]
    events: Mapped[int] = mapped_column(Integer)
    refused: Mapped[int] = mapped_column(Integer)
    taken_at: Mapped[datetime]


class TrainingEvent(Base):
    """One event as its file tells it. Amounts are in whatever unit the file uses: they are features, not money."""

    __tablename__ = "training_event"
    __table_args__ = (Index("ix_training_event_order", "training_set_id", "at", "id"),)

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    training_set_id: Mapped[int] = mapped_column(ForeignKey("training_set.id"))
    at: Mapped[datetime]
    customer: Mapped[str | None]
    terminal: Mapped[str | None]
    amount: Mapped[float] = mapped_column(Float)  # lint: allow float: a feature of a model, not money
    label: Mapped[bool | None]
    numbers: Mapped[list[float]] = mapped_column(ARRAY(Float))  # lint: allow float: features of a model, not money
    words: Mapped[list[str]]


class FraudModelPlace(Base):
    """Which model of the mall's own decisions is in which place since when; the newest row of a place counts.

    `model_id` is None where the place was cleared, `placed_by` where the training job decided by its rule.
    """

    __tablename__ = "fraud_model_place"
    __table_args__ = (CheckConstraint("place IN ('champion', 'challenger')", name="place"),)

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    place: Mapped[str]
    model_id: Mapped[int | None] = mapped_column(ForeignKey("fraud_model.id"))
    placed_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("user_account.id"))
    placed_at: Mapped[datetime]
    reason: Mapped[str]


class FraudModelVersion(Base):
    """A trained model: its trees as text, everything else it scores with, its measures; never changed."""

    __tablename__ = "fraud_model"
    __table_args__ = (
        UniqueConstraint("training_set_id", "version"),
        CheckConstraint("version > 0", name="version"),
    )

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    training_set_id: Mapped[int] = mapped_column(ForeignKey("training_set.id"))
    version: Mapped[int] = mapped_column(Integer)
    kept: Mapped[dict[str, Any]]
    trees: Mapped[str]
    sha256: Mapped[str]
    card: Mapped[dict[str, Any]]
    trained_at: Mapped[datetime]
