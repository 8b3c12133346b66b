"""Look at somebody's personal data: allowed to few, and always written down (IDN-05, A15)."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime

from sqlalchemy.orm import Session

from portal.kit.errors import PortalError
from portal.kit.text import N_
from portal.rules.permissions import Actor, Permission, may
from portal.services.audit import AuditAction, Fact, record


class UserViewForbiddenError(PortalError):
    code = "permission_missing"
    status = 403
    sentence = N_("You need the permission “user:view” for this. An administrator can give it to you.")


def view_user(session: Session, *, user_id: uuid.UUID, what: str, actor: Actor, now: datetime) -> None:
    """Record that the actor has `what` of a person shown to him (`profile`, or `order:ID`).

    Raises UserViewForbiddenError.

    The caller shows it afterwards; looking at oneself is not recorded.
    """
    if not may(actor, Permission.USER_VIEW, owner_id=user_id):
        raise UserViewForbiddenError
    if actor.user_id != user_id:
        record(session, Fact(AuditAction.USER_VIEWED, f"user:{user_id}", after={"what": what}), actor=actor, now=now)


def note_user_views(session: Session, *, user_ids: Iterable[uuid.UUID], what: str, actor: Actor, now: datetime) -> None:
    """Record that the actor has found these people, or things of theirs, by what is personal. Once for each."""
    facts = [
        Fact(AuditAction.USER_VIEWED, f"user:{one}", after={"what": what})
        for one in sorted(set(user_ids))
        if one != actor.user_id
    ]
    record(session, *facts, actor=actor, now=now)
