"""Somebody as he acts himself, for what is done in his name while he is not there."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.models import Channel, StoreMember, User
from portal.rules.permissions import Actor, roles_in, roles_of


def actor_of(session: Session, user: User) -> Actor:
    """The person with the roles that he has at this moment. Whether he may sign in at all, the caller asks first."""
    member = select(StoreMember.store_id, StoreMember.role).where(StoreMember.user_id == user.id)
    found: dict[int, str] = {row.store_id: row.role for row in session.execute(member)}
    stores = frozenset(found)
    managed = frozenset(session.scalars(select(Channel.id).where(Channel.manager_id == user.id)))
    return Actor(
        user_id=user.id,
        roles=roles_of(user.roles, sells=bool(stores), manages=bool(managed)),
        store_ids=stores,
        store_roles=roles_in(found, found.values()),
        managed_ids=managed,
    )
