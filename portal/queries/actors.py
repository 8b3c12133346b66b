"""Somebody as he acts himself, for what is done in his name while he is not there."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.models import StoreMember, User
from portal.rules.permissions import Actor, Role, roles_in


def actor_of(session: Session, user: User) -> Actor:
    """The person with the roles that he has at this moment. Whether he may sign in at all, the caller asks first."""
    member = select(StoreMember.store_id, StoreMember.role).where(StoreMember.user_id == user.id)
    found: dict[int, str] = {row.store_id: row.role for row in session.execute(member)}
    stores = frozenset(found)
    roles = frozenset(Role(role) for role in user.roles) | ({Role.SELLER} if stores else frozenset())
    return Actor(user_id=user.id, roles=roles, store_ids=stores, store_roles=roles_in(found, found.values()))
