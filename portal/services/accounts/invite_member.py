"""Somebody is asked by mail to work for a store, and takes it or not (IDN-01)."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from portal.crypto import email_index
from portal.db import insert_rows
from portal.kit.errors import PortalError
from portal.kit.ids import new_id
from portal.kit.text import N_
from portal.models import StoreInvitation, StoreMember, User
from portal.rules.permissions import Actor, Permission, StoreRole, may
from portal.services.accounts.emails import normalise_email
from portal.services.accounts.links import LIFETIMES, LinkSpentError, Purpose, check_link, make_link, read_link
from portal.services.accounts.store_members import MembersForbiddenError, MemberUnknownError, lock_store
from portal.services.audit import AuditAction, Fact, record
from portal.services.outbox import Event, emit

OPEN_MAX = 20


class AlreadyMemberError(PortalError):
    code = "store_member_already"
    status = 409
    sentence = N_("This person works for the store already. Change the role in the list.")


class TooManyInvitationsError(PortalError):
    code = "store_invitations_too_many"
    status = 409
    sentence = N_("At most %(maximum)s invitations can be open. Take one back first.")


class InvitationForOtherError(PortalError):
    """The link was opened by somebody else than it was sent to."""

    code = "store_invitation_for_other"
    status = 403
    sentence = N_("This invitation was sent to another e-mail address. Sign in with that one to answer it.")


def invite_member(
    session: Session, *, store_id: int, email: str, role: StoreRole, locale: str, actor: Actor, now: datetime
) -> uuid.UUID:
    """Ask somebody by mail, and return the invitation; one that was open for the same address ends.

    Raises MembersForbiddenError, EmailUnfitError, AlreadyMemberError, TooManyInvitationsError.
    """
    if actor.user_id is None or not may(actor, Permission.STORE_MEMBER_MANAGE, store_id=store_id):
        raise MembersForbiddenError
    address = normalise_email(email)
    index = email_index(address)
    lock_store(session, store_id=store_id)
    member = (
        select(StoreMember.user_id)
        .join(User, User.id == StoreMember.user_id)
        .where(StoreMember.store_id == store_id, User.email_index == index)
    )
    if session.scalar(member) is not None:
        raise AlreadyMemberError
    still_open = (StoreInvitation.store_id == store_id, StoreInvitation.ended_at.is_(None))
    session.execute(
        update(StoreInvitation).where(*still_open, StoreInvitation.email_index == index).values(ended_at=now)
    )
    count = select(func.count()).where(*still_open, StoreInvitation.expires_at > now)
    if session.execute(count).scalar_one() >= OPEN_MAX:
        raise TooManyInvitationsError(maximum=OPEN_MAX)
    invitation_id = new_id()
    row = {
        "id": invitation_id,
        "store_id": store_id,
        "email": address,
        "email_index": index,
        "role": role.value,
        "locale": locale,
        "invited_by": actor.user_id,
        "made_at": now,
        "expires_at": now + LIFETIMES[Purpose.INVITE],
    }
    insert_rows(session, StoreInvitation, [row])
    after = {"invitation": str(invitation_id), "role": role.value}
    record(session, Fact(AuditAction.STORE_MEMBER_INVITED, f"store:{store_id}", after=after), actor=actor, now=now)
    emit(session, Event("store.member_invited", f"invitation:{invitation_id}"), now=now)
    return invitation_id


def take_back_invitation(
    session: Session, *, store_id: int, invitation_id: uuid.UUID, actor: Actor, now: datetime
) -> None:
    """End an invitation that nobody has answered; a second time changes nothing.

    Raises MembersForbiddenError, MemberUnknownError.
    """
    if not may(actor, Permission.STORE_MEMBER_MANAGE, store_id=store_id):
        raise MembersForbiddenError
    row = _lock(session, invitation_id)
    if row is None or row.store_id != store_id:
        raise MemberUnknownError
    if row.ended_at is None:
        _end(session, row, "taken back", actor, now)


def invitation_link(session: Session, *, invitation_id: uuid.UUID) -> str | None:
    """The token of the mail's link; None for an invitation that is over. Made here alone, and kept nowhere."""
    row = session.get(StoreInvitation, invitation_id)
    if row is None or row.ended_at is not None:
        return None
    return make_link(Purpose.INVITE, user_id=row.id, fact=_fact(row), now=row.made_at)


def read_invitation(session: Session, *, token: str, actor: Actor, now: datetime) -> StoreInvitation:
    """The open invitation of a link, for whom it was sent to. Raises LinkSpentError, InvitationForOtherError."""
    claim = read_link(token, now=now)
    row = _lock(session, claim.user_id)
    if row is None or row.ended_at is not None:
        raise LinkSpentError
    check_link(claim, Purpose.INVITE, fact=_fact(row))
    if session.scalar(select(User.email_index).where(User.id == actor.user_id)) != row.email_index:
        raise InvitationForOtherError
    return row


def answer_invitation(session: Session, *, token: str, accepts: bool, actor: Actor, now: datetime) -> None:
    """Take the invitation, or refuse it. Raises LinkSpentError, InvitationForOtherError."""
    row = read_invitation(session, token=token, actor=actor, now=now)
    assert actor.user_id is not None  # Nobody else has an address.
    if accepts:
        lock_store(session, store_id=row.store_id)
        known = session.get(StoreMember, (actor.user_id, row.store_id))
        if known is None:
            session.add(StoreMember(user_id=actor.user_id, store_id=row.store_id, role=row.role))
            row.accepted_by = actor.user_id
    _end(session, row, "accepted" if accepts else "refused", actor, now)


def _lock(session: Session, invitation_id: uuid.UUID) -> StoreInvitation | None:
    found = select(StoreInvitation).where(StoreInvitation.id == invitation_id).with_for_update()
    return session.execute(found).scalar_one_or_none()


def _end(session: Session, row: StoreInvitation, how: str, actor: Actor, now: datetime) -> None:
    row.ended_at = now
    session.flush()
    after = {"invitation": str(row.id), "role": row.role, "answer": how}
    record(session, Fact(AuditAction.STORE_MEMBER_ANSWERED, f"store:{row.store_id}", after=after), actor=actor, now=now)


def _fact(row: StoreInvitation) -> str:
    return f"{row.store_id}:{row.role}:{row.email_index.hex()}"
