"""A person's own pages: his profile, addresses and devices."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import column, select, text
from sqlalchemy.orm import Session

from portal.models import Address, User, WebSession
from portal.rules.addresses import AddressBody

SESSIONS_SHOWN_MAX = 100


@dataclass(frozen=True, slots=True)
class ProfileView:
    """A profile as its owner sees it."""

    id: uuid.UUID
    email: str
    name: str
    locale: str | None
    theme: str | None
    state: str
    email_verified_at: datetime | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class AddressView:
    """One address of the book."""

    id: uuid.UUID
    body: AddressBody
    is_default: bool


@dataclass(frozen=True, slots=True)
class SessionView:
    """A browser in which somebody is signed in."""

    id: uuid.UUID
    device_id: uuid.UUID
    ip: str
    user_agent: str
    created_at: datetime
    last_seen_at: datetime


# Written out, as the checkout asks with every choice (ADR 30).
_BOOK = text(
    "SELECT id, body, is_default FROM address WHERE user_id = :user_id ORDER BY is_default DESC, id DESC"
).columns(column("id"), column("body", Address.body.type), column("is_default"))


def load_profile(session: Session, *, user_id: uuid.UUID) -> ProfileView | None:
    row = (
        session.execute(
            select(
                User.id,
                User.email,
                User.name,
                User.locale,
                User.theme,
                User.state,
                User.email_verified_at,
                User.created_at,
            ).where(User.id == user_id)
        )
        .mappings()
        .one_or_none()
    )
    return ProfileView(**row) if row else None


def list_addresses(session: Session, *, user_id: uuid.UUID) -> tuple[AddressView, ...]:
    """The address book: the default first, then the newest."""
    rows = session.execute(_BOOK, {"user_id": user_id})
    return tuple(AddressView(row.id, _unpacked(row.body), row.is_default) for row in rows)


def load_address(session: Session, *, user_id: uuid.UUID, address_id: uuid.UUID) -> AddressView | None:
    """One address of this person; None for anybody else's."""
    row = session.execute(
        select(Address.id, Address.body, Address.is_default).where(Address.id == address_id, Address.user_id == user_id)
    ).one_or_none()
    return AddressView(row.id, _unpacked(row.body), row.is_default) if row else None


def list_sessions(session: Session, *, user_id: uuid.UUID, now: datetime) -> tuple[SessionView, ...]:
    """Where the person is signed in, the latest seen first."""
    rows = session.execute(
        select(
            WebSession.id,
            WebSession.device_id,
            WebSession.ip,
            WebSession.user_agent,
            WebSession.created_at,
            WebSession.last_seen_at,
        )
        .where(WebSession.user_id == user_id, WebSession.revoked_at.is_(None), WebSession.expires_at > now)
        .order_by(WebSession.last_seen_at.desc(), WebSession.id)
        .limit(SESSIONS_SHOWN_MAX)
    ).mappings()
    return tuple(SessionView(**row) for row in rows)


def _unpacked(body: str) -> AddressBody:
    return AddressBody(**json.loads(body))
