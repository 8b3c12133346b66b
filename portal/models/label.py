"""Labels that stores buy of carriers for parcels that they will hand over (ORD-003)."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base


class ShippingLabel(Base):
    """A label of a part; its id is the key under which its carrier sells it, once however often it is asked.

    `units` are pieces by line. `is_stale` says that the order has another address by now: then it is taken back.
    """

    __tablename__ = "shipping_label"
    __table_args__ = (
        CheckConstraint("(tracking_number IS NULL) = (bought_at IS NULL)", name="bought"),
        CheckConstraint("(status = 'used') = (shipment_id IS NOT NULL)", name="used"),
        Index("ix_shipping_label_part_id", "part_id", "made_at"),
        Index("ix_shipping_label_order_id", "order_id"),
        Index("ix_shipping_label_run_id", "run_id", postgresql_where=text("run_id IS NOT NULL")),
        Index("ix_shipping_label_due", "due_at", postgresql_where=text("due_at IS NOT NULL")),
        Index("ix_shipping_label_number", "tracking_number"),
        Index("uq_shipping_label_number", "carrier", "tracking_number", unique=True),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    order_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("orders.id"))
    part_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("order_part.id"))
    store_id: Mapped[int] = mapped_column(ForeignKey("store.id"))
    run_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("bulk_run.id"))
    carrier: Mapped[str]
    units: Mapped[dict[str, Any]]
    status: Mapped[str]
    problem: Mapped[str | None]
    carrier_ref: Mapped[str | None]
    tracking_number: Mapped[str | None]
    shipment_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("shipment.id"))
    is_stale: Mapped[bool] = mapped_column(server_default=text("false"))
    made_by: Mapped[str]
    made_at: Mapped[datetime]
    bought_at: Mapped[datetime | None]
    # When its carrier is asked next, and how often it was.
    due_at: Mapped[datetime | None]
    asked: Mapped[int] = mapped_column(Integer, server_default=text("0"))
