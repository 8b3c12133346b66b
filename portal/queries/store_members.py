"""Who works for a store, who was asked to, and whom its events are told."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Row, Select, select
from sqlalchemy.orm import Session

from portal.models import Store, StoreInvitation, StoreMember, User
from portal.rules.permissions import Permission, roles_with


@dataclass(frozen=True, slots=True)
class MemberRow:
    """Somebody who works for the store."""

    user_id: uuid.UUID
    name: str
    email: str
    role: str


@dataclass(frozen=True, slots=True)
class InvitationRow:
    """An invitation that is still open."""

    id: uuid.UUID
    email: str
    role: str
    invited_by: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class InvitationView:
    """An invitation as whoever was invited sees it."""

    id: uuid.UUID
    store: dict[str, str]
    store_slug: str
    role: str
    invited_by: str
    email: str


def members_with(store_id: int, permission: Permission) -> Select[uuid.UUID]:
    """The members of a store whose role lets them do this: whom it concerns."""
    return select(StoreMember.user_id).where(
        StoreMember.store_id == store_id, StoreMember.role.in_(roles_with(permission))
    )


def people_with(
    session: Session, *, store_id: int, permission: Permission
) -> Sequence[Row[uuid.UUID, str, str, str | None]]:
    """The same with what a mail to them needs: id, email, name, locale. Whoever is blocked or gone hears nothing."""
    return session.execute(
        select(User.id, User.email, User.name, User.locale).where(
            User.id.in_(members_with(store_id, permission)), User.state == "active"
        )
    ).all()


def list_members(session: Session, *, store_id: int) -> Sequence[MemberRow]:
    """Everybody who works for the store, the oldest account first."""
    found = (
        select(User.id, User.name, User.email, StoreMember.role)
        .join(StoreMember, StoreMember.user_id == User.id)
        .where(StoreMember.store_id == store_id)
        .order_by(User.created_at, User.id)
    )
    return [MemberRow(*row) for row in session.execute(found)]


def list_invitations(session: Session, *, store_id: int, now: datetime) -> Sequence[InvitationRow]:
    """Who was asked and has not answered, the latest first."""
    found = (
        select(
            StoreInvitation.id,
            StoreInvitation.email,
            StoreInvitation.role,
            User.name,
            StoreInvitation.expires_at,
        )
        .join(User, User.id == StoreInvitation.invited_by)
        .where(
            StoreInvitation.store_id == store_id,
            StoreInvitation.ended_at.is_(None),
            StoreInvitation.expires_at > now,
        )
        .order_by(StoreInvitation.made_at.desc())
    )
    return [InvitationRow(*row) for row in session.execute(found)]


def load_invitation(session: Session, *, invitation_id: uuid.UUID) -> InvitationView | None:
    """An open invitation."""
    row = session.execute(
        select(
            StoreInvitation.id,
            Store.name,
            Store.slug,
            StoreInvitation.role,
            User.name.label("invited_by"),
            StoreInvitation.email,
        )
        .join(Store, Store.id == StoreInvitation.store_id)
        .join(User, User.id == StoreInvitation.invited_by)
        .where(StoreInvitation.id == invitation_id, StoreInvitation.ended_at.is_(None))
    ).one_or_none()
    return InvitationView(*row) if row else None
