"""Clear a frozen account (FRD-08): what was stopped goes on, and the time that it cost is given back."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import and_, func, or_, select, text, update
from sqlalchemy.orm import Session

from portal.kit.errors import PortalError
from portal.kit.text import N_
from portal.models import (
    AccountFreeze,
    CouponGrant,
    Order,
    OrderHold,
    OrderPart,
    RiskCase,
    RiskCasePerson,
    User,
    UserState,
)
from portal.rules.freezes import note_of
from portal.rules.holds import ACCOUNT_FROZEN
from portal.rules.permissions import Actor
from portal.services.audit import AuditAction, Fact, label, record
from portal.services.coupons.end_coupons import move_grants
from portal.services.orders.release_hold import go_on_after
from portal.services.outbox import Event, emit
from portal.services.restrictions.freeze_account import lock_account
from portal.services.restrictions.remediate import end_remediations

# Points do not run out while nobody may spend them.
_THAW_BALANCES = text(
    """
    WITH locked AS (SELECT id FROM ledger_account WHERE owner = :owner AND frozen_at IS NOT NULL
                     ORDER BY id FOR UPDATE),
         thawed AS (UPDATE ledger_account a SET frozen_at = NULL FROM locked WHERE a.id = locked.id RETURNING a.id)
    UPDATE mileage_lot l SET expires_at = l.expires_at + CAST(:pause AS interval)
      FROM thawed WHERE l.account_id = thawed.id AND l.remaining > 0
    """
)


class NotFrozenError(PortalError):
    """Somebody was faster, or it never was."""

    code = "not_frozen"
    status = 409
    sentence = N_("This account is not frozen. Nothing was changed by you.")


class ClearReasonMissingError(PortalError):
    code = "clear_reason_missing"
    sentence = N_("Say why the account is clear: it stands in the record.")


def clear_account(
    session: Session, *, user_id: uuid.UUID, note: str, actor: Actor, now: datetime, despite_steps: bool = False
) -> None:
    """End the freeze: balances, the coupons that it suspended or a verdict took, and the orders that it held come back.

    What somebody revoked by hand or holds for another reason stays so. Raises AccountUnknownError, FreezeSelfError,
    NotFrozenError, ClearReasonMissingError, and StepsOpenError while remediation is not done, unless `despite_steps`.
    """
    kept = note_of(note)
    if kept is None:
        raise ClearReasonMissingError
    user = lock_account(session, user_id=user_id, actor=actor)
    freeze = session.execute(
        select(AccountFreeze).where(AccountFreeze.user_id == user_id, AccountFreeze.lifted_at.is_(None))
    ).scalar_one_or_none()
    if user.state != UserState.FROZEN or freeze is None:
        raise NotFrozenError
    session.execute(update(User).where(User.id == user_id).values(state=UserState.ACTIVE))
    end_remediations(session, freeze_id=freeze.id, despite_steps=despite_steps, actor=actor, now=now)
    freeze.lifted_by, freeze.lifted_at, freeze.lift_note = label(actor), now, kept
    session.flush()
    parts = _end_holds(session, user_id, kept, actor, now)
    coupons = move_grants(
        session, grant_ids=_taken(session, user_id, freeze), new="held", reason="account_cleared", actor=actor, now=now
    )
    session.execute(_THAW_BALANCES, {"owner": f"user:{user_id}", "pause": now - freeze.frozen_at})
    fact = Fact(
        AuditAction.USER_CLEARED,
        f"user:{user_id}",
        {"state": "frozen", "reason": freeze.reason},
        {"state": "active", "coupons": coupons, "parts": parts},
        kept,
    )
    record(session, fact, actor=actor, now=now)
    payload = {"freeze": str(freeze.id)}
    emit(session, Event("account.cleared", f"user:{user_id}", payload, profile_id=user_id), now=now)


def _taken(session: Session, user_id: uuid.UUID, freeze: AccountFreeze) -> Sequence[uuid.UUID]:
    """Coupons that the freeze suspended, and those that verdicts since it began have revoked."""
    verdicts = (
        select(func.concat("case:", RiskCase.id))
        .join(RiskCasePerson, RiskCasePerson.case_id == RiskCase.id)
        .where(RiskCasePerson.user_id == user_id, RiskCase.decided_at >= freeze.frozen_at)
    )
    by_freeze = and_(CouponGrant.state == "suspended", CouponGrant.reason == ACCOUNT_FROZEN)
    by_verdict = and_(CouponGrant.state == "revoked", CouponGrant.reason.in_(verdicts))
    return session.scalars(
        select(CouponGrant.id).where(
            CouponGrant.user_id == user_id,
            or_(and_(CouponGrant.id.in_(freeze.grants), by_freeze), by_verdict),
        )
    ).all()


def _end_holds(session: Session, user_id: uuid.UUID, reason: str, actor: Actor, now: datetime) -> int:
    """End the holds of the freeze; returns how many parts go on with it."""
    open_hold = OrderHold.reason == ACCOUNT_FROZEN, OrderHold.released_at.is_(None)
    held = select(OrderHold.order_id).join(Order, Order.id == OrderHold.order_id)
    orders = {
        row.id: row
        for row in session.execute(
            select(Order.id, Order.number, Order.buyer_id, Order.channel_id)
            .where(Order.id.in_(held.where(Order.buyer_id == user_id, *open_hold)))
            .order_by(Order.id)
            .with_for_update()
        )
    }
    rows = session.execute(
        select(
            OrderHold.id,
            OrderHold.order_id,
            OrderHold.part_id,
            OrderHold.kind,
            OrderHold.reason,
            OrderPart.store_id,
        )
        .join(OrderPart, OrderPart.id == OrderHold.part_id)
        .where(OrderHold.order_id.in_(orders), *open_hold)
        .order_by(OrderHold.order_id, OrderPart.position)
    ).all()
    session.execute(
        update(OrderHold)
        .where(OrderHold.id.in_([row.id for row in rows]))
        .values(released_by=label(actor), released_at=now)
    )
    return sum(go_on_after(session, row, orders[row.order_id], reason=reason, actor=actor, now=now) for row in rows)
