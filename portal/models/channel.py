"""Where the mall sells: a channel has its currency, languages, brand and policies."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import CheckConstraint, Identity, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base


class Channel(Base):
    """One way to the mall. `policy` holds the bounds that rules read (mileage, order limits, risk thresholds).

    `notices` say to buyers, in each language, why it is in maintenance or ends.
    """

    __tablename__ = "channel"
    __table_args__ = (CheckConstraint("currency ~ '^[A-Z]{3}$'", name="currency"),)

    id: Mapped[int] = mapped_column(Identity(always=False), primary_key=True)
    code: Mapped[str] = mapped_column(unique=True)
    name: Mapped[dict[str, Any]]
    currency: Mapped[str]
    country: Mapped[str]
    default_locale: Mapped[str]
    locales: Mapped[list[str]]
    time_zone: Mapped[str]
    hosts: Mapped[list[str]] = mapped_column(server_default=text("'{}'"))
    state: Mapped[str] = mapped_column(server_default="live")
    brand: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    policy: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    tax_rate: Mapped[Decimal] = mapped_column(server_default=text("0"))
    notices: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    support_email: Mapped[str] = mapped_column(server_default="")
    tax_inclusive: Mapped[bool] = mapped_column(server_default=text("true"))
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    version: Mapped[int] = mapped_column(server_default=text("1"))
