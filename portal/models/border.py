"""What may cross the borders of a channel's country, and what was written down of shipments that did (CHN-09)."""

import uuid
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Identity, Index, Numeric, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.crypto import EncryptedText
from portal.db import Base


class BorderRule(Base):
    """A rule of a channel for a country, `*` for all others than its own, from `valid_from` on.

    Never changed, only ended: `withdrawn_at` says when. `words` are what buyers are told, {locale: text}.
    """

    __tablename__ = "border_rule"
    __table_args__ = (
        CheckConstraint(
            "kind IN ('delivers', 'barred', 'value_max', 'code_above', 'duty_free', 'duty_rate', 'data_stays')",
            name="kind",
        ),
        CheckConstraint("country ~ '^([A-Z]{2}|[*])$'", name="country"),
        CheckConstraint(
            "(kind IN ('value_max', 'code_above', 'duty_free')) = (limit_minor IS NOT NULL) AND limit_minor >= 0",
            name="limit_minor",
        ),
        CheckConstraint("kind IN ('barred', 'duty_rate') OR num_nonnulls(section_id, customs_code) = 0", name="goods"),
        CheckConstraint(
            "(kind = 'duty_rate') = (rate_basis_points IS NOT NULL) AND rate_basis_points BETWEEN 0 AND 200000",
            name="rate_basis_points",
        ),
        CheckConstraint("num_nonnulls(section_id, customs_code) < 2", name="one_kind_of_goods"),
        CheckConstraint("(withdrawn_at IS NULL) = (withdrawn_by IS NULL)", name="withdrawn_by"),
        Index("ix_border_rule_channel_id", "channel_id", text("id DESC")),
    )

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    channel_id: Mapped[int] = mapped_column(ForeignKey("channel.id"))
    kind: Mapped[str]
    country: Mapped[str]
    section_id: Mapped[int | None] = mapped_column(ForeignKey("section.id"))
    customs_code: Mapped[str | None]
    limit_minor: Mapped[int | None]
    rate_basis_points: Mapped[int | None]
    words: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    note: Mapped[str]
    valid_from: Mapped[datetime]
    set_by: Mapped[str]
    set_at: Mapped[datetime]
    withdrawn_by: Mapped[str | None]
    withdrawn_at: Mapped[datetime | None]


class BorderRecord(Base):
    """What was declared of a part that crosses a border, as it was when the order was placed. Never changed.

    `declared_minor` is what is paid for the goods, without tax and shipping, in `currency`; where that is not the
    platform's, the same in the platform's, with the rate, its source and its time. `goods` has a row for each line,
    `rules` the ids of the channel's rules for the country. `duty_minor` is what customs were expected to ask of the
    receiver, which is no part of the order; None where no rate says. `personal_code` goes with its person.
    """

    __tablename__ = "border_record"
    __table_args__ = (
        CheckConstraint("from_country <> to_country", name="crosses"),
        CheckConstraint("declared_minor >= 0", name="declared_minor"),
        CheckConstraint("customs IN ('duty_free', 'dutiable', 'no_rule')", name="customs"),
        CheckConstraint(
            "num_nulls(platform_currency, platform_minor, fx_rate, fx_source, fx_as_of) IN (0, 5)", name="fx"
        ),
        Index("ix_border_record_order_id", "order_id"),
        Index("ix_border_record_placed_at", text("placed_at DESC"), text("part_id DESC")),
    )

    part_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("order_part.id"), primary_key=True)
    order_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("orders.id"))
    channel_id: Mapped[int] = mapped_column(ForeignKey("channel.id"))
    store_id: Mapped[int] = mapped_column(ForeignKey("store.id"))
    from_country: Mapped[str]
    to_country: Mapped[str]
    customs: Mapped[str]
    currency: Mapped[str]
    declared_minor: Mapped[int]
    tax_minor: Mapped[int]
    duty_minor: Mapped[int | None]
    platform_currency: Mapped[str | None]
    platform_minor: Mapped[int | None]
    fx_rate: Mapped[Decimal | None] = mapped_column(Numeric)
    fx_source: Mapped[str | None]
    fx_as_of: Mapped[datetime | None]
    goods: Mapped[list[Any]]
    rules: Mapped[list[Any]]
    personal_code: Mapped[str | None] = mapped_column(EncryptedText("border_record.personal_code"))
    placed_at: Mapped[datetime]
