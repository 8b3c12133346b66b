"""Where the mall sells: a channel has its currency, languages, brand and policies."""

import uuid
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Identity, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base


class Channel(Base):
    """One way to the mall. `policy` holds the bounds that rules read (mileage, order limits, risk thresholds).

    `notices` say to buyers, in each language, why it is in maintenance or ends.
    """

    __tablename__ = "channel"
    __table_args__ = (
        CheckConstraint("currency ~ '^[A-Z]{3}$'", name="currency"),
        CheckConstraint("kind IN ('web', 'mobile', 'partner', 'kiosk')", name="kind"),
        Index("ix_channel_manager_id", "manager_id", postgresql_where=text("manager_id IS NOT NULL")),
    )

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
    # What kind of place it is, who answers for it, its texts of law by language, and settings of its own programs.
    kind: Mapped[str] = mapped_column(server_default="web")
    manager_id: Mapped[uuid.UUID | None] = mapped_column(
        # People belong to channels in turn: this key is made when both tables are there.
        ForeignKey("user_account.id", name="fk_channel_manager_id", use_alter=True)
    )
    legal: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    extensions: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    version: Mapped[int] = mapped_column(server_default=text("1"))
