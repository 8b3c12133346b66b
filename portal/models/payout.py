"""What stores are paid: statements of closed periods, their lines, and the payouts of them (BAL-13)."""

import uuid
from datetime import datetime

from sqlalchemy import ARRAY, CheckConstraint, ForeignKey, Index, Integer, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base


class SellerStatement(Base):
    """A closed period of a store in one currency. Never changed: what comes late stands in the next one.

    closing = opening + sales - own coupons - refunds - commission + other, where other is disputes, payouts and the
    rest with their signs. `mall_coupons_minor` is what the mall has paid of the sales for its own coupons (CPN-15).
    """

    __tablename__ = "seller_statement"
    __table_args__ = (
        CheckConstraint("period_start < period_end", name="period"),
        CheckConstraint(
            "closing_minor = opening_minor + sales_minor - own_coupons_minor - refunds_minor - commission_minor"
            " + other_minor",
            name="sum",
        ),
        UniqueConstraint("store_id", "currency", "number"),
        Index("ix_seller_statement_store", "store_id", text("period_end DESC"), text("id DESC")),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    store_id: Mapped[int] = mapped_column(ForeignKey("store.id"))
    currency: Mapped[str]
    number: Mapped[int] = mapped_column(Integer)
    label: Mapped[str] = mapped_column(unique=True)
    period_start: Mapped[datetime]
    period_end: Mapped[datetime]
    opening_minor: Mapped[int]
    sales_minor: Mapped[int]
    own_coupons_minor: Mapped[int]
    mall_coupons_minor: Mapped[int]
    refunds_minor: Mapped[int]
    commission_minor: Mapped[int]
    other_minor: Mapped[int]
    closing_minor: Mapped[int]
    lines: Mapped[int] = mapped_column(Integer)
    closed_at: Mapped[datetime]


class SellerStatementLine(Base):
    """A posting of a statement, taken apart into what it is made of. Each posting stands in one statement at most."""

    __tablename__ = "seller_statement_line"
    __table_args__ = (
        CheckConstraint(
            "net_minor = sales_minor - own_coupons_minor - refunds_minor - commission_minor + other_minor", name="sum"
        ),
        Index("ix_seller_statement_line_statement", "statement_id", "figure", "posting_id"),
    )

    posting_id: Mapped[int] = mapped_column(ForeignKey("ledger_posting.id"), primary_key=True, autoincrement=False)
    statement_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("seller_statement.id"))
    figure: Mapped[str]
    order_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("orders.id"))
    part_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("order_part.id"))
    sales_minor: Mapped[int]
    own_coupons_minor: Mapped[int]
    mall_coupons_minor: Mapped[int]
    refunds_minor: Mapped[int]
    commission_minor: Mapped[int]
    other_minor: Mapped[int]
    net_minor: Mapped[int]


class SellerPayout(Base):
    """What a statement's closing balance came to, on its way to the store's bank account."""

    __tablename__ = "seller_payout"
    __table_args__ = (
        CheckConstraint("amount_minor > 0", name="amount"),
        CheckConstraint("(state = 'paid') = (paid_at IS NOT NULL)", name="paid"),
        Index("ix_seller_payout_state", "state", "id"),
        Index("ix_seller_payout_store_id", "store_id"),
        Index("ix_seller_payout_reference", "reference", postgresql_where=text("reference IS NOT NULL")),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    statement_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("seller_statement.id"), unique=True)
    store_id: Mapped[int] = mapped_column(ForeignKey("store.id"))
    currency: Mapped[str]
    amount_minor: Mapped[int]
    state: Mapped[str]
    holds: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))
    note: Mapped[str | None]
    made_at: Mapped[datetime]
    approved_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("user_account.id"))
    approved_at: Mapped[datetime | None]
    paid_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("user_account.id"))
    paid_at: Mapped[datetime | None]
    reference: Mapped[str | None]
