"""Who works for a store: changed by its owners, of whom there is always one (IDN-01, IDN-02)."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.kit.errors import PortalError
from portal.kit.text import N_
from portal.models import Store, StoreMember
from portal.rules.permissions import Actor, Permission, StoreRole, may
from portal.services.audit import AuditAction, Fact, record
from portal.services.outbox import Event, emit


class MembersForbiddenError(PortalError):
    code = "store_members_forbidden"
    status = 403
    sentence = N_("Only an owner of the store can change who works for it.")


class MemberUnknownError(PortalError):
    """Nobody of that name works for the store."""

    code = "not_found"
    status = 404
    sentence = N_("This page or record does not exist.")


class StoreRoleUnknownError(PortalError):
    code = "store_role_unknown"
    sentence = N_("Choose what the person does for the store.")


class LastOwnerError(PortalError):
    code = "store_last_owner"
    status = 409
    sentence = N_("The last owner stays: make somebody else an owner first.")


class MemberChangedError(PortalError):
    """Since the page was opened a colleague gave the person another role. `role` is what it is now."""

    code = "store_member_changed"
    status = 409
    sentence = N_("Meanwhile somebody else has changed this person's role. Nothing was changed by you.")

    def __init__(self, role: str) -> None:
        super().__init__()
        self.role = role


def role_of(text: str) -> StoreRole:
    """The role that was chosen. Raises StoreRoleUnknownError."""
    if text not in set(StoreRole):
        raise StoreRoleUnknownError
    return StoreRole(text)


def lock_store(session: Session, *, store_id: int) -> None:
    """Changes of one store's people wait for each other here, so that an owner is always left."""
    session.execute(select(Store.id).where(Store.id == store_id).with_for_update()).one()


def change_member(
    session: Session, *, store_id: int, user_id: uuid.UUID, role: StoreRole, was: str, actor: Actor, now: datetime
) -> None:
    """Give a member another role than `was`, which was shown.

    Raises MembersForbiddenError, MemberUnknownError, MemberChangedError, LastOwnerError.
    """
    _check_may(actor, store_id)
    member = _take(session, store_id, user_id)
    if member.role == role:
        return
    if member.role != was:
        raise MemberChangedError(member.role)
    _keep_an_owner(session, member)
    before, member.role = member.role, role.value
    session.flush()
    _record(session, member, {"role": before}, {"role": role.value}, actor, now)


def remove_member(session: Session, *, store_id: int, user_id: uuid.UUID, actor: Actor, now: datetime) -> None:
    """Let somebody go, at once and everywhere; a member may also go himself.

    Raises MembersForbiddenError, MemberUnknownError, LastOwnerError.
    """
    if user_id != actor.user_id or store_id not in actor.store_ids:
        _check_may(actor, store_id)
    member = _take(session, store_id, user_id)
    _keep_an_owner(session, member)
    session.delete(member)
    session.flush()
    _record(session, member, {"role": member.role}, {"role": None}, actor, now)


def _check_may(actor: Actor, store_id: int) -> None:
    if not may(actor, Permission.STORE_MEMBER_MANAGE, store_id=store_id):
        raise MembersForbiddenError


def _take(session: Session, store_id: int, user_id: uuid.UUID) -> StoreMember:
    lock_store(session, store_id=store_id)
    found = select(StoreMember).where(StoreMember.store_id == store_id, StoreMember.user_id == user_id)
    member = session.execute(found).scalar_one_or_none()
    if member is None:
        raise MemberUnknownError
    return member


def _keep_an_owner(session: Session, member: StoreMember) -> None:
    if member.role != StoreRole.OWNER:
        return
    owners = select(func.count()).where(StoreMember.store_id == member.store_id, StoreMember.role == StoreRole.OWNER)
    if session.execute(owners).scalar_one() < 2:
        raise LastOwnerError


def _record(
    session: Session,
    member: StoreMember,
    before: dict[str, str | None],
    after: dict[str, str | None],
    actor: Actor,
    now: datetime,
) -> None:
    about = {"user": str(member.user_id)}
    fact = Fact(AuditAction.STORE_MEMBER_CHANGED, f"store:{member.store_id}", about | before, about | after)
    record(session, fact, actor=actor, now=now)
    if actor.user_id != member.user_id:
        told = {"store": member.store_id, "role": after["role"]}
        emit(session, Event("store.member_changed", f"user:{member.user_id}", told, profile_id=member.user_id), now=now)
