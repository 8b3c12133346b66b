"""Whether a profile may spend: asked where money moves."""

from __future__ import annotations

import uuid

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.kit.errors import PortalError
from portal.kit.text import N_
from portal.models import User, UserState


class AccountFrozenError(PortalError):
    """The profile is frozen or closed: it may look, and may not spend."""

    code = "account_frozen"
    status = 403
    sentence = N_(
        "Your account is on hold, so nothing can be bought with it. Nothing was charged. Contact us to go on."
    )


def check_may_spend(session: Session, *, user_id: uuid.UUID) -> None:
    """Raises AccountFrozenError unless the profile is active."""
    state = session.execute(select(User.state).where(User.id == user_id)).scalar_one_or_none()
    if state != UserState.ACTIVE:
        raise AccountFrozenError
