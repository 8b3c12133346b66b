"""Give and take the roles of administrators (IDN-05)."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from portal.kit.errors import PortalError
from portal.kit.text import N_
from portal.models import User, UserState
from portal.rules.permissions import Actor, Permission, Role
from portal.rules.roles import roles_after
from portal.rules.step_up import StepUpAction
from portal.services.accounts.step_up import Binding, require_step_up
from portal.services.audit import AuditAction, Fact, record
from portal.services.outbox import Event, emit
from portal.services.people.person import lock_person, note, reason_of
from portal.services.restrictions.freeze_account import refuse_last_admin


class RolesChangedError(PortalError):
    """Somebody else has changed them since the page was opened."""

    code = "roles_changed"
    status = 409
    sentence = N_("Somebody changed this person's roles meanwhile. Look at them as they are now; nothing was changed.")


class NotTrustedError(PortalError):
    code = "role_not_trusted"
    status = 409
    sentence = N_("This account is frozen or its sign-in is blocked: it can lose roles, but not get any.")


def change_roles(
    session: Session,
    *,
    user_id: uuid.UUID,
    chosen: Collection[Role],
    known: Collection[str],
    reason: str,
    actor: Actor,
    now: datetime,
) -> bool:
    """Leave a person these of the administrators' roles; False when he has just these already.

    `known` are all roles that the page showed. It takes a second proof; nobody changes his own, and one who may do
    everything always stays. Raises AccountUnknownError, OwnAccountError, AccountClosedError, ReasonMissingError,
    RolesChangedError, NotTrustedError, LastAdminError, StepUpNeededError.
    """
    user = lock_person(session, user_id=user_id, permission=Permission.ROLE_GRANT, actor=actor)
    before, after = sorted(user.roles), roles_after(user.roles, chosen)
    if set(known) != set(before):
        raise RolesChangedError
    if after == before:
        return False
    why = reason_of(reason)
    if set(after) - set(before) and (user.state != UserState.ACTIVE or user.blocked_at is not None):
        raise NotTrustedError
    if Role.ADMIN in before and Role.ADMIN not in after:
        refuse_last_admin(session, user_ids=[user_id])
    binding = Binding(f"roles:{user_id}:{','.join(after)}", told={"roles": ", ".join(after)})
    require_step_up(session, actor=actor, action=StepUpAction.CHANGE_ROLES, binding=binding, now=now)
    session.execute(update(User).where(User.id == user_id).values(roles=after))
    change = note(session, user_id=user_id, act="roles", text=why, actor=actor, now=now)
    fact = Fact(AuditAction.USER_ROLES_CHANGED, f"user:{user_id}", {"roles": before}, {"roles": after})
    record(session, fact, actor=actor, now=now)
    told = {"change": str(change), "roles": after}
    emit(session, Event("account.roles_changed", f"user:{user_id}", told, profile_id=user_id), now=now)
    return True
