"""Risk decisions with what they were based on, and the lists they look at."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Identity, Index, Integer, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import CIDR
from sqlalchemy.orm import Mapped, mapped_column

from portal.crypto import EncryptedText
from portal.db import Base


class RiskDecision(Base):
    """One scoring: features of that moment, rules that fired with their versions, outcome. Never recomputed.

    `subject` is what was scored, as `noun:ID`. `unsure` are rules that could not be asked, and what was missing. The
    indexes are blind: what two decisions share can be told, and not what it is.
    """

    __tablename__ = "risk_decision"
    __table_args__ = (
        CheckConstraint("outcome IN ('allow', 'step_up', 'review', 'block')", name="outcome"),
        Index("ix_risk_decision_order_id", "order_id"),
        Index("ix_risk_decision_user_id", "user_id", "decided_at"),
        Index("ix_risk_decision_alarming", "decided_at", postgresql_where=text("outcome IN ('review', 'block')")),
        Index("ix_risk_decision_fired", "decided_at", postgresql_where=text("fired <> '[]'::jsonb")),
        Index("ix_risk_decision_decided_at", text("decided_at DESC"), text("id DESC")),
        *(
            Index(f"ix_risk_decision_{name}", name, "decided_at", postgresql_where=text(f"{name} IS NOT NULL"))
            for name in ("device_id", "ip_index", "network_index", "address_index")
        ),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    event: Mapped[str]
    order_id: Mapped[uuid.UUID | None]
    user_id: Mapped[uuid.UUID | None]
    score: Mapped[int] = mapped_column(Integer)
    outcome: Mapped[str]
    features: Mapped[dict[str, Any]]
    fired: Mapped[list[Any]]
    versions: Mapped[dict[str, Any]]
    decided_at: Mapped[datetime]
    subject: Mapped[str | None]
    currency: Mapped[str | None]
    unsure: Mapped[list[Any]] = mapped_column(server_default=text("'[]'"))
    contributions: Mapped[dict[str, Any] | None]
    device_id: Mapped[uuid.UUID | None]
    ip_index: Mapped[bytes | None]
    network_index: Mapped[bytes | None]
    address_index: Mapped[bytes | None]
    # Where its IP address was, about: country, city, hundredths of degrees.
    place: Mapped[dict[str, Any] | None]


class RiskListEntry(Base):
    """A user, e-mail, card, device, IP or network that is blocked or always allowed; the value is a blind index."""

    __tablename__ = "risk_list_entry"
    __table_args__ = (
        CheckConstraint("mode IN ('allow', 'block')", name="mode"),
        CheckConstraint("kind IN ('user', 'email', 'card', 'device', 'ip', 'network')", name="kind"),
        CheckConstraint("(kind = 'network') = (network IS NOT NULL)", name="network"),
        Index(
            "ix_risk_list_entry_network",
            "network",
            postgresql_using="gist",
            postgresql_ops={"network": "inet_ops"},
            postgresql_where=text("removed_at IS NULL AND network IS NOT NULL"),
        ),
        Index("uq_risk_list_entry", "kind", "value_index", unique=True, postgresql_where=text("removed_at IS NULL")),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    kind: Mapped[str]
    mode: Mapped[str]
    value_index: Mapped[bytes]
    value: Mapped[str | None] = mapped_column(EncryptedText("risk_list_entry.value"))
    network: Mapped[str | None] = mapped_column(CIDR)
    reason: Mapped[str]
    owner: Mapped[str]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    removed_at: Mapped[datetime | None]
    removed_by: Mapped[str | None]


class RiskRuleVersion(Base):
    """A version of a rule of risk as somebody wrote it (FRD-02). Never changed; it decides nothing by itself."""

    __tablename__ = "risk_rule_version"
    __table_args__ = (
        CheckConstraint("version > 0", name="version"),
        CheckConstraint("mode IN ('monitor', 'score', 'step_up', 'review', 'block')", name="mode"),
    )

    name: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    title: Mapped[str]
    source: Mapped[str]
    mode: Mapped[str]
    points: Mapped[int] = mapped_column(Integer)
    note: Mapped[str]
    author_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id"))
    created_at: Mapped[datetime]


class RiskRuleRelease(Base):
    """A version of a rule put in force, or in shadow beside it; version 0 takes it out. The newest of a rule counts.

    `replaces_id` is the rule's release before it in the same place, 0 for the first: two cannot replace the same one.
    """

    __tablename__ = "risk_rule_release"
    __table_args__ = (
        UniqueConstraint("name", "is_shadow", "replaces_id"),
        CheckConstraint("version >= 0", name="version"),
    )

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    name: Mapped[str]
    is_shadow: Mapped[bool]
    version: Mapped[int] = mapped_column(Integer)
    replaces_id: Mapped[int]
    released_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id"))
    released_at: Mapped[datetime]
    reason: Mapped[str]


class RiskSnooze(Base):
    """A rule that is quiet for one user or IP address until a time: it is still noted, and does nothing."""

    __tablename__ = "risk_snooze"
    __table_args__ = (
        CheckConstraint("kind IN ('user', 'ip')", name="kind"),
        Index("ix_risk_snooze_value", "value_index", "until", postgresql_where=text("ended_at IS NULL")),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    rule: Mapped[str]
    kind: Mapped[str]
    value_index: Mapped[bytes]
    until: Mapped[datetime]
    reason: Mapped[str]
    created_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id"))
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
