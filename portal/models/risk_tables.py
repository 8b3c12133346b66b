"""Tables that risk is looked up in: IP addresses as an operator loads them, and how stores and coupons turned out."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Integer, SmallInteger
from sqlalchemy.dialects.postgresql import INET
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base


class IpTable(Base):
    """A table that was loaded as a whole: where its ranges come from, and when."""

    __tablename__ = "ip_table"
    __table_args__ = (CheckConstraint("kind IN ('place', 'datacenter')", name="kind"),)

    kind: Mapped[str] = mapped_column(primary_key=True)
    source: Mapped[str]
    sha256: Mapped[str]
    ranges: Mapped[int] = mapped_column(Integer)
    loaded_at: Mapped[datetime]


class IpRange(Base):
    """IP addresses from the first to the last; no two ranges of a kind overlap. A data centre has no place here."""

    __tablename__ = "ip_range"
    __table_args__ = (
        CheckConstraint("first_ip <= last_ip AND family(first_ip) = family(last_ip)", name="order"),
        CheckConstraint("(country IS NULL) = (kind = 'datacenter')", name="place"),
    )

    kind: Mapped[str] = mapped_column(primary_key=True)
    first_ip: Mapped[str] = mapped_column(INET, primary_key=True)
    last_ip: Mapped[str] = mapped_column(INET)
    country: Mapped[str | None]
    city: Mapped[str | None]
    latitude: Mapped[int | None] = mapped_column(SmallInteger)
    longitude: Mapped[int | None] = mapped_column(SmallInteger)


class RiskShare(Base):
    """How many orders of a store, or with coupons of a campaign, old enough to be judged, turned out to be fraud."""

    __tablename__ = "risk_share"
    __table_args__ = (
        CheckConstraint("kind IN ('store', 'campaign')", name="kind"),
        CheckConstraint("frauds BETWEEN 0 AND orders", name="frauds"),
    )

    kind: Mapped[str] = mapped_column(primary_key=True)
    ref: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    orders: Mapped[int] = mapped_column(Integer)
    frauds: Mapped[int] = mapped_column(Integer)
