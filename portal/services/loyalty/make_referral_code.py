"""The code that somebody's invitations carry (BAL-04)."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from portal.kit.ids import new_code
from portal.models import ReferralCode

LENGTH = 8


def make_referral_code(session: Session, *, user_id: uuid.UUID, now: datetime) -> str:
    """Return a person's code; it is made when it is first wanted, and stays."""
    statement = insert(ReferralCode).values(user_id=user_id, code=new_code(LENGTH), created_at=now)
    session.execute(statement.on_conflict_do_nothing(index_elements=[ReferralCode.user_id]))
    return session.execute(select(ReferralCode.code).where(ReferralCode.user_id == user_id)).scalar_one()
