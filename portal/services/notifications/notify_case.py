"""Administrators hear of a case at once, behind their bells and by mail (FRD-03)."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from portal import site
from portal.models import OutboxEvent, RiskCase, User, UserState
from portal.rules.notices import NoticeKind
from portal.rules.permissions import MATRIX, Permission, Role
from portal.services.notifications.write_mail import write_mail
from portal.services.notifications.write_notices import write_notices

DECIDING = [role.value for role in Role if Permission.FRAUD_DECIDE in MATRIX[role] and role is not Role.SYSTEM]


def tell_admins_of_case(session: Session, event: OutboxEvent, now: datetime) -> Collection[str]:
    """Once for each case: what comes to it later moves it in the queue."""
    case_id = uuid.UUID(event.payload["case"])
    case = session.execute(select(RiskCase).where(RiskCase.id == case_id)).scalar_one()
    people = session.execute(
        select(User.id, User.email, User.name, User.locale)
        .where(User.roles.op("&&")(DECIDING), User.state == UserState.ACTIVE)
        .order_by(User.id)
    ).all()
    write_notices(
        session,
        user_ids=[one.id for one in people],
        kind=NoticeKind.CASE_OPENED,
        params={"amount_minor": case.stake_minor, "currency": case.currency},
        path=f"/admin/cases/{case_id}",
        dedup_key=f"case:{case_id}",
        now=now,
    )
    for one in people:
        write_mail(
            session,
            template="risk_case",
            dedup_key=f"case:{case_id}:{one.id}",
            recipient=one.email,
            user_id=one.id,
            locale=one.locale or "en",
            now=now,
            name=one.name,
            stake_minor=case.stake_minor,
            currency=case.currency,
            score=case.score,
            link=site.address(f"/admin/cases/{case_id}"),
        )
    session.execute(update(RiskCase).where(RiskCase.id == case_id, RiskCase.told_at.is_(None)).values(told_at=now))
    return ["admin"]
