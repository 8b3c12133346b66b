"""Parcels: what of a seller's part is in each, and what its carrier says of it."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Identity, Index, Integer, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base

CARRIER_FACTS = ("carrier", "delivered_at", "expected_until", "promised_until", "status")


class Shipment(Base):
    """One parcel of a part. `ask_at` is when its carrier is asked next; nothing is asked of what has arrived."""

    __tablename__ = "shipment"
    __table_args__ = (
        UniqueConstraint("part_id", "carrier", "tracking_number", name="uq_shipment_part_id_number"),
        Index("ix_shipment_order_id", "order_id"),
        Index("ix_shipment_number", "tracking_number"),
        Index("ix_shipment_store_id", "store_id", text("shipped_at DESC")),
        Index("ix_shipment_ask_at", "ask_at", postgresql_where=text("ask_at IS NOT NULL")),
        # All that the figures of carriers are made of, so that the table is not read for them.
        Index(
            "ix_shipment_trouble",
            "shipped_at",
            "id",
            postgresql_where=text("status IN ('delayed', 'damaged', 'lost')"),
        ),
        Index("ix_shipment_shipped_at", "shipped_at", postgresql_include=list(CARRIER_FACTS)),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    order_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("orders.id"))
    part_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("order_part.id"))
    store_id: Mapped[int] = mapped_column(ForeignKey("store.id"))
    carrier: Mapped[str]
    tracking_number: Mapped[str]
    status: Mapped[str]
    source: Mapped[str]
    shipped_by: Mapped[str]
    shipped_at: Mapped[datetime]
    # What the buyer was promised when it left; when its carrier means to bring it, and when it did.
    promised_until: Mapped[datetime | None]
    expected_from: Mapped[datetime | None]
    expected_until: Mapped[datetime | None]
    delivered_at: Mapped[datetime | None]
    told_at: Mapped[datetime | None]
    ask_at: Mapped[datetime | None]
    asked: Mapped[int] = mapped_column(Integer, server_default=text("0"))


class ShipmentLine(Base):
    """Units of a line in a parcel."""

    __tablename__ = "shipment_line"
    __table_args__ = (CheckConstraint("quantity > 0", name="quantity"), Index("ix_shipment_line_line_id", "line_id"))

    shipment_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("shipment.id"), primary_key=True)
    line_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("order_line.id"), primary_key=True)
    quantity: Mapped[int] = mapped_column(Integer)


class ShipmentEvent(Base):
    """What a carrier, or a person in its place, said of a parcel; each event once, by the carrier's name for it."""

    __tablename__ = "shipment_event"
    __table_args__ = (
        UniqueConstraint("shipment_id", "ref", name="uq_shipment_event_shipment_id_ref"),
        Index("ix_shipment_event_trouble", "at", postgresql_where=text("kind IN ('delayed', 'damaged')")),
    )

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    shipment_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("shipment.id"))
    ref: Mapped[str]
    kind: Mapped[str]
    at: Mapped[datetime]
    place: Mapped[str | None]
    told_by: Mapped[str]
    received_at: Mapped[datetime]


class BulkRun(Base):
    """Many parts that are taken a step on, a batch at a time; `failed` says of each that stayed why."""

    __tablename__ = "bulk_run"
    __table_args__ = (
        CheckConstraint("done BETWEEN 0 AND total", name="done"),
        Index("ix_bulk_run_open", "worked_at", postgresql_where=text("done < total")),
        Index("ix_bulk_run_store_id", "store_id", text("created_at DESC")),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    store_id: Mapped[int] = mapped_column(ForeignKey("store.id"))
    kind: Mapped[str]
    made_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id"))
    items: Mapped[list[Any]]
    total: Mapped[int] = mapped_column(Integer)
    done: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    failed: Mapped[list[Any]] = mapped_column(server_default=text("'[]'"))
    created_at: Mapped[datetime]
    worked_at: Mapped[datetime]


class PartDeadline(Base):
    """A step that its seller was warned of, or missed; `due_at` is until when it should have been done."""

    __tablename__ = "part_deadline"
    __table_args__ = (
        CheckConstraint("step IN ('accept', 'ship', 'deliver')", name="step"),
        Index("ix_part_deadline_missed_at", "missed_at"),
    )

    part_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("order_part.id"), primary_key=True)
    step: Mapped[str] = mapped_column(primary_key=True)
    due_at: Mapped[datetime]
    warned_at: Mapped[datetime | None]
    missed_at: Mapped[datetime | None]
