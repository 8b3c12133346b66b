"""People: profiles, where they live, their roles in stores, and the sessions that speak for them."""

import uuid
from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.crypto import EncryptedText
from portal.db import Base


class UserState(StrEnum):
    ACTIVE = "active"
    FROZEN = "frozen"
    CLOSED = "closed"


class User(Base):
    """One profile for all channels (IDN-01). E-mail and name are readable only through the key ring."""

    __tablename__ = "user_account"
    __table_args__ = (
        CheckConstraint("state IN ('active', 'frozen', 'closed')", name="state"),
        Index("ix_user_account_marks", "marks", postgresql_using="gin"),
        Index("ix_user_account_id_end", text("right(id::text, 8)")),
        # What lists narrow to: few of all people have any of these.
        Index("ix_user_account_roles", "id", postgresql_where=text("roles <> '{buyer}'")),
        Index("ix_user_account_state", "state", "id", postgresql_where=text("state <> 'active'")),
        Index("ix_user_account_blocked", "id", postgresql_where=text("blocked_at IS NOT NULL")),
        Index("ix_user_account_channel_id", "channel_id", "id"),
        Index("ix_user_account_created_at", "created_at"),
        Index("ix_user_account_unmarked", "id", postgresql_where=text("marks IS NULL")),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(EncryptedText("user_account.email"))
    email_index: Mapped[bytes] = mapped_column(unique=True)
    name: Mapped[str] = mapped_column(EncryptedText("user_account.name"))
    # By which he is found though his name is encrypted: see services/mark_people.py.
    marks: Mapped[list[str] | None]
    password_hash: Mapped[str | None]
    locale: Mapped[str | None]
    theme: Mapped[str | None]
    roles: Mapped[list[str]] = mapped_column(server_default=text("'{buyer}'"))
    state: Mapped[str] = mapped_column(server_default=UserState.ACTIVE)
    # Since when nobody can sign in as him: apart from being frozen, with which one may still look.
    blocked_at: Mapped[datetime | None]
    # Where he signed up; one profile is good on all channels.
    channel_id: Mapped[int | None] = mapped_column(ForeignKey("channel.id"))
    email_verified_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class UserNote(Base):
    """What an administrator has done about a person, or wants colleagues to know of him. Never changed.

    `act` is `note`, or what was done; `text` is why.
    """

    __tablename__ = "user_note"
    __table_args__ = (Index("ix_user_note_user_id", "user_id", text("at DESC")),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id"))
    act: Mapped[str]
    text: Mapped[str] = mapped_column(EncryptedText("user_note.text"))
    author_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id"))
    at: Mapped[datetime]


class StoreMember(Base):
    """A user who works for a store, in one of the roles of rules/permissions.py."""

    __tablename__ = "store_member"
    __table_args__ = (
        CheckConstraint("role IN ('owner', 'manager', 'fulfilment', 'support', 'accountant')", name="role"),
    )

    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id"), primary_key=True)
    store_id: Mapped[int] = mapped_column(ForeignKey("store.id"), primary_key=True, index=True)
    role: Mapped[str] = mapped_column(server_default="owner")


class StoreInvitation(Base):
    """That somebody was asked by mail to work for a store; it ends when it is taken, refused or taken back."""

    __tablename__ = "store_invitation"
    __table_args__ = (
        CheckConstraint("role IN ('owner', 'manager', 'fulfilment', 'support', 'accountant')", name="role"),
        Index(
            "uq_store_invitation_open",
            "store_id",
            "email_index",
            unique=True,
            postgresql_where=text("ended_at IS NULL"),
        ),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    store_id: Mapped[int] = mapped_column(ForeignKey("store.id"))
    email: Mapped[str] = mapped_column(EncryptedText("store_invitation.email"))
    email_index: Mapped[bytes]
    role: Mapped[str]
    locale: Mapped[str]
    invited_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id"))
    made_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    accepted_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("user_account.id"))


class WebSession(Base):
    """A browser that is known. The cookie holds a token; only this row says whose it is, until it is revoked."""

    __tablename__ = "web_session"
    __table_args__ = (
        Index("ix_web_session_user_id", "user_id", postgresql_where=text("revoked_at IS NULL")),
        Index("ix_web_session_seen", "user_id", text("last_seen_at DESC")),
        Index("ix_web_session_device_id", "device_id"),
        Index("ix_web_session_ip_index", "ip_index", postgresql_where=text("ip_index IS NOT NULL")),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    user_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("user_account.id"))
    device_id: Mapped[uuid.UUID]
    ip: Mapped[str] = mapped_column(EncryptedText("web_session.ip"))
    # Sessions that began before there was one have none.
    ip_index: Mapped[bytes | None]
    user_agent: Mapped[str] = mapped_column(EncryptedText("web_session.user_agent"))
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class Address(Base):
    """A delivery address of a user; `body` is JSON of its fields."""

    __tablename__ = "address"
    __table_args__ = (
        Index("uq_address_default", "user_id", unique=True, postgresql_where=text("is_default")),
        Index("ix_address_user_id", "user_id"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id"))
    body: Mapped[str] = mapped_column(EncryptedText("address.body"))
    country: Mapped[str]
    is_default: Mapped[bool] = mapped_column(server_default=text("false"))
    created_at: Mapped[datetime]


class Consent(Base):
    """That a person agreed to one version of a text (IDN-08); for purchases, with the order."""

    __tablename__ = "consent"
    __table_args__ = (UniqueConstraint("order_id", "kind"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id"), index=True)
    order_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("orders.id"))
    kind: Mapped[str]
    version: Mapped[str]
    accepted_at: Mapped[datetime]
