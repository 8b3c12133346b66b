"""The cart: one per person, the same on every channel and device (CAT-02)."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Integer, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base


class Cart(Base):
    """A cart of a user, or of a browser that is not signed in. `choices` keeps what was chosen at checkout."""

    __tablename__ = "cart"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    user_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("user_account.id"), unique=True)
    session_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("web_session.id"), unique=True)
    choices: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    version: Mapped[int] = mapped_column(server_default=text("1"))
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class CartLine(Base):
    """So many units of a variant. The price is never kept here: it is read when it is shown and when it is paid."""

    __tablename__ = "cart_line"
    __table_args__ = (CheckConstraint("quantity BETWEEN 1 AND 9999", name="quantity"),)

    cart_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("cart.id", ondelete="CASCADE"), primary_key=True)
    variant_id: Mapped[int] = mapped_column(ForeignKey("variant.id"), primary_key=True)
    quantity: Mapped[int] = mapped_column(Integer)
    added_at: Mapped[datetime]
