"""A suspicion about a coupon is objected to by its holder, and confirmed or undone by a person (CPN-14)."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from portal.kit.errors import PortalError
from portal.kit.text import N_
from portal.models import CouponCode, CouponFlag, CouponGrant
from portal.rules.coupons.abuse import read_appeal
from portal.rules.coupons.life import reason_of
from portal.rules.permissions import Actor, Permission, Scope, scopes_of
from portal.services.audit import AuditAction, Fact, label, record
from portal.services.coupons.end_coupons import move_code, move_grants
from portal.services.outbox import Event, emit


class FlagUnknownError(PortalError):
    code = "not_found"
    status = 404
    sentence = N_("This page or record does not exist.")


class FlagDecidedError(PortalError):
    code = "flag_decided"
    status = 409
    sentence = N_("This was decided already. Nothing was changed by you.")


class AppealedAlreadyError(PortalError):
    code = "appealed_already"
    status = 409
    sentence = N_("You have written to us about this already. We are looking at it.")


def appeal_flag(session: Session, *, flag_id: uuid.UUID, text: str, actor: Actor, now: datetime) -> None:
    """Keep what the holder of a suspended coupon has to say; once.

    Raises AppealEmptyError, FlagUnknownError, FlagDecidedError, AppealedAlreadyError.
    """
    kept = read_appeal(text)
    holds = (
        select(CouponGrant.id)
        .where(
            CouponGrant.user_id == actor.user_id,
            or_(CouponGrant.id == CouponFlag.grant_id, CouponGrant.code == CouponFlag.code),
        )
        .exists()
    )
    row = session.execute(
        select(CouponFlag).where(CouponFlag.id == flag_id, CouponFlag.is_suspended, holds).with_for_update()
    ).scalar_one_or_none()
    if row is None or actor.user_id is None:
        raise FlagUnknownError
    if row.state != "open":
        raise FlagDecidedError
    if row.appealed_at is not None:
        raise AppealedAlreadyError
    row.appeal, row.appealed_at = kept, now
    session.flush()
    record(session, Fact(AuditAction.COUPON_APPEALED, f"flag:{flag_id}"), actor=actor, now=now)
    emit(session, Event("coupon.appealed", f"coupon_flag:{flag_id}", {"flag": str(flag_id)}), now=now)


def confirm_flag(session: Session, *, flag_id: uuid.UUID, reason: str, actor: Actor, now: datetime) -> None:
    """It is abuse: the code or coupon is revoked.

    Raises CouponReasonMissingError, FlagUnknownError, FlagDecidedError.
    """
    _decide(session, flag_id, "confirmed", reason, actor, now)


def undo_flag(session: Session, *, flag_id: uuid.UUID, reason: str, actor: Actor, now: datetime) -> None:
    """It is none: what was suspended works again. Raises as confirm_flag()."""
    _decide(session, flag_id, "undone", reason, actor, now)


def _decide(session: Session, flag_id: uuid.UUID, verdict: str, reason: str, actor: Actor, now: datetime) -> None:
    kept = reason_of(reason)
    if Scope.ALL not in scopes_of(actor, Permission.FRAUD_DECIDE):
        raise FlagUnknownError
    row = session.execute(select(CouponFlag).where(CouponFlag.id == flag_id).with_for_update()).scalar_one_or_none()
    if row is None:
        raise FlagUnknownError
    if row.state != "open":
        raise FlagDecidedError
    row.state, row.reason, row.decided_at, row.decided_by = verdict, kept, now, label(actor)
    session.flush()
    fact = Fact(
        AuditAction.COUPON_FLAG_DECIDED,
        f"flag:{flag_id}",
        before={"state": "open"},
        after={"state": verdict, "rule": row.rule},
        reason=kept,
    )
    record(session, fact, actor=actor, now=now)
    if verdict == "confirmed":
        _revoke(session, row, kept, actor, now)
    elif not _is_flagged_besides(session, row):
        _restore(session, row, kept, actor, now)


def _is_flagged_besides(session: Session, row: CouponFlag) -> bool:
    """Whether another open suspicion keeps the same code or coupon suspended."""
    same = CouponFlag.code == row.code if row.code else CouponFlag.grant_id == row.grant_id
    found = select(CouponFlag.id).where(same, CouponFlag.state == "open", CouponFlag.is_suspended)
    return session.execute(found.limit(1)).one_or_none() is not None


def _revoke(session: Session, row: CouponFlag, reason: str, actor: Actor, now: datetime) -> None:
    if row.grant_id is not None:
        move_grants(session, grant_ids=[row.grant_id], new="revoked", reason=reason, actor=actor, now=now)
        return
    assert row.code is not None
    state = session.scalar(select(CouponCode.state).where(CouponCode.code == row.code))
    if state != "revoked":
        move_code(session, code=row.code, new="revoked", reason=reason, actor=actor, now=now)


def _restore(session: Session, row: CouponFlag, reason: str, actor: Actor, now: datetime) -> None:
    """Only what is suspended: what somebody revoked meanwhile stays so."""
    if row.grant_id is not None:
        state = session.scalar(select(CouponGrant.state).where(CouponGrant.id == row.grant_id))
        if state == "suspended":
            move_grants(session, grant_ids=[row.grant_id], new="held", reason=reason, actor=actor, now=now)
        return
    state = session.scalar(select(CouponCode.state).where(CouponCode.code == row.code))
    if state == "suspended" and row.code is not None:
        move_code(session, code=row.code, new="active", reason=reason, actor=actor, now=now)
