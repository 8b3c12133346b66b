"""Freeze an account (FRD-07, FRD-08): nothing can be spent and nothing is lost; refunds to it still arrive.

Balances, coupons and open orders stop in one transaction, and come back in one: see clear_account.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from portal.kit.errors import PortalError
from portal.kit.ids import new_id
from portal.kit.text import N_
from portal.models import AccountFreeze, CouponGrant, Order, OrderPart, User, UserState
from portal.rules.freezes import FreezeReason, note_of
from portal.rules.holds import ACCOUNT_FROZEN, STOPPABLE, HoldKind
from portal.rules.permissions import Actor, Permission, Role, Scope, scopes_of
from portal.services.audit import AuditAction, Fact, label, record
from portal.services.coupons.end_coupons import move_grants
from portal.services.orders.place_hold import HoldExistsError, LockedPart, hold_part
from portal.services.outbox import Event, emit
from portal.services.restrictions.remediate import start_remediations

_FREEZE_BALANCES = text(
    """
    WITH locked AS (SELECT id FROM ledger_account WHERE owner = :owner AND frozen_at IS NULL ORDER BY id FOR UPDATE)
    UPDATE ledger_account a SET frozen_at = :now FROM locked WHERE a.id = locked.id
    """
)


class AccountUnknownError(PortalError):
    """There is no such account, or this person has no say in it: one answer for both."""

    code = "not_found"
    status = 404
    sentence = N_("This page or record does not exist.")


class FreezeSelfError(PortalError):
    code = "freeze_self"
    status = 409
    sentence = N_("You cannot freeze or clear your own account.")


class LastAdminError(PortalError):
    """Nobody would be left who may undo it."""

    code = "last_admin"
    status = 409
    sentence = N_("This is the last administrator who can sign in. Give somebody else the role first.")


class AccountClosedError(PortalError):
    code = "account_closed"
    status = 409
    sentence = N_("This account is closed. Nothing was changed.")


@dataclass(frozen=True, slots=True)
class Frozen:
    """What stopped. `is_repeat` says that the account was frozen before, and nothing happened twice."""

    freeze_id: uuid.UUID
    coupons: int = 0
    parts: int = 0
    is_repeat: bool = False


def freeze_account(
    session: Session, *, user_id: uuid.UUID, reason: FreezeReason, note: str, actor: Actor, now: datetime
) -> Frozen:
    """Freeze an account: balances, coupons, and the parts of its orders that are not sent yet.

    Locks: account, orders, coupons, balances. Raises AccountUnknownError, FreezeSelfError, LastAdminError,
    AccountClosedError.
    """
    user = lock_account(session, user_id=user_id, actor=actor)
    if user.state == UserState.CLOSED:
        raise AccountClosedError
    if user.state == UserState.FROZEN:
        known = session.execute(
            select(AccountFreeze.id).where(AccountFreeze.user_id == user_id, AccountFreeze.lifted_at.is_(None))
        ).scalar_one()
        return Frozen(known, is_repeat=True)
    if Role.ADMIN in user.roles:
        refuse_last_admin(session, user_ids=[user_id])
    session.execute(update(User).where(User.id == user_id).values(state=UserState.FROZEN))
    parts = _hold_parts(session, user_id, note, actor, now)
    grants = list(
        session.scalars(select(CouponGrant.id).where(CouponGrant.user_id == user_id, CouponGrant.state == "held"))
    )
    move_grants(session, grant_ids=grants, new="suspended", reason=ACCOUNT_FROZEN, actor=actor, now=now)
    session.execute(_FREEZE_BALANCES, {"owner": f"user:{user_id}", "now": now})
    freeze_id = new_id()
    session.add(
        AccountFreeze(
            id=freeze_id,
            user_id=user_id,
            reason=reason.value,
            note=note_of(note),
            grants=grants,
            frozen_by=label(actor),
            frozen_at=now,
        )
    )
    session.flush()
    start_remediations(session, freeze_id=freeze_id, user_id=user_id, reason=reason, actor=actor, now=now)
    after = {"state": "frozen", "reason": reason.value, "coupons": len(grants), "parts": parts}
    fact = Fact(AuditAction.USER_FROZEN, f"user:{user_id}", {"state": user.state}, after, note_of(note))
    record(session, fact, actor=actor, now=now)
    payload = {"freeze": str(freeze_id)}
    emit(session, Event("account.frozen", f"user:{user_id}", payload, profile_id=user_id), now=now)
    return Frozen(freeze_id, len(grants), parts)


def lock_account(session: Session, *, user_id: uuid.UUID, actor: Actor) -> User:
    """The account of somebody else, locked. Raises AccountUnknownError, FreezeSelfError."""
    if Scope.ALL not in scopes_of(actor, Permission.USER_RESTRICT):
        raise AccountUnknownError
    if actor.user_id == user_id:
        raise FreezeSelfError
    # Whoever spends holds the row shared until he is done; after this nobody begins.
    user = session.execute(select(User).where(User.id == user_id).with_for_update()).scalar_one_or_none()
    if user is None:
        raise AccountUnknownError
    return user


def refuse_last_admin(session: Session, *, user_ids: list[uuid.UUID]) -> None:
    """Raises LastAdminError where without these nobody is left who is administrator of everything and active."""
    # Locked, so that two who each leave the other one cannot both be right.
    left = session.scalars(
        select(User.id)
        .where(
            User.roles.op("@>")([Role.ADMIN.value]),
            User.state == UserState.ACTIVE,
            User.blocked_at.is_(None),
            User.id.not_in(user_ids),
        )
        .order_by(User.id)
        .limit(1)
        .with_for_update(read=True)
    ).all()
    if not left:
        raise LastAdminError


def _hold_parts(session: Session, user_id: uuid.UUID, note: str, actor: Actor, now: datetime) -> int:
    """Stop what is not sent yet; returns how many parts."""
    of_buyer = (
        select(OrderPart.order_id)
        .join(Order, Order.id == OrderPart.order_id)
        .where(Order.buyer_id == user_id, OrderPart.status.in_(STOPPABLE))
    )
    orders = {
        row.id: row
        for row in session.execute(
            select(Order.id, Order.number, Order.buyer_id, Order.channel_id)
            .where(Order.id.in_(of_buyer))
            .order_by(Order.id)
            .with_for_update()
        )
    }
    rows = session.execute(
        select(OrderPart.id, OrderPart.order_id, OrderPart.store_id, OrderPart.status)
        .where(OrderPart.order_id.in_(orders), OrderPart.status.in_(STOPPABLE))
        .order_by(OrderPart.order_id, OrderPart.position)
        .with_for_update()
    ).all()
    held = 0
    for row in rows:
        part = LockedPart(row.id, row.order_id, row.store_id, row.status)
        try:
            hold_part(
                session,
                part,
                orders[row.order_id],
                kind=HoldKind.FRAUD,
                reason=ACCOUNT_FROZEN,
                note=note,
                actor=actor,
                now=now,
            )
        except HoldExistsError:
            continue
        held += 1
    return held
