"""Stores: the sellers of the mall."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Identity, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.crypto import EncryptedText
from portal.db import Base


class Store(Base):
    """A seller. `shipping` maps a currency to {"fee": minor, "free_over": minor or null, "days": [min, max]}.

    `version` counts the changes of its profile. From `paused_from` until `paused_until` (exclusive, or for good) it
    takes no orders, and buyers read `pause_message`, {locale: text}.
    """

    __tablename__ = "store"
    __table_args__ = (
        CheckConstraint("commission_basis_points BETWEEN 0 AND 10000", name="commission"),
        CheckConstraint("payout_period IN ('weekly', 'monthly')", name="payout_period"),
        CheckConstraint(
            "paused_until IS NULL OR (paused_from IS NOT NULL AND paused_from < paused_until)", name="paused"
        ),
    )

    id: Mapped[int] = mapped_column(Identity(always=False), primary_key=True)
    slug: Mapped[str] = mapped_column(unique=True)
    name: Mapped[dict[str, Any]]
    description: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    picture: Mapped[str | None]
    country: Mapped[str] = mapped_column(server_default="KR")
    state: Mapped[str] = mapped_column(server_default="open")
    shipping: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    commission_basis_points: Mapped[int] = mapped_column(server_default=text("1000"))
    payout_period: Mapped[str] = mapped_column(server_default="monthly")
    external_ref: Mapped[str | None] = mapped_column(unique=True)
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    version: Mapped[int] = mapped_column(server_default=text("1"))
    changed_by: Mapped[str | None]
    changed_at: Mapped[datetime | None]
    contact_email: Mapped[str | None] = mapped_column(EncryptedText("store.contact_email"))
    contact_phone: Mapped[str | None] = mapped_column(EncryptedText("store.contact_phone"))
    return_address: Mapped[str | None] = mapped_column(EncryptedText("store.return_address"))
    paused_from: Mapped[datetime | None]
    paused_until: Mapped[datetime | None]
    pause_message: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))


class StoreBank(Base):
    """The account to which a store is paid, as services/accounts/bank_details.py keeps it.

    After a change payouts wait until `payouts_wait_until`, so that whoever did not make it can say so.
    """

    __tablename__ = "store_bank"

    store_id: Mapped[int] = mapped_column(ForeignKey("store.id"), primary_key=True, autoincrement=False)
    details: Mapped[str] = mapped_column(EncryptedText("store_bank.details"))
    version: Mapped[int] = mapped_column(server_default=text("1"))
    changed_by: Mapped[str]
    changed_at: Mapped[datetime]
    payouts_wait_until: Mapped[datetime | None]
