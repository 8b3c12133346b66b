"""Whether a profile may spend: asked where money moves."""

from __future__ import annotations

import uuid

from sqlalchemy import text
from sqlalchemy.orm import Session

from portal.kit.errors import PortalError
from portal.kit.text import N_
from portal.models import UserState


class AccountFrozenError(PortalError):
    """The profile is frozen or closed: it may look, and may not spend."""

    code = "account_frozen"
    status = 403
    sentence = N_(
        "Your account is on hold: until we have looked at it, nothing can be bought, sent or paid out from it. "
        "Nothing was charged, and nothing of yours is lost. Contact us to go on."
    )


class OwnerFrozenError(PortalError):
    """What somebody decides for another, whose profile is frozen."""

    code = "owner_frozen"
    status = 409
    sentence = N_("Its owner's account is frozen, so no money leaves it. Clear the account first; nothing was changed.")


def check_may_spend(session: Session, *, user_id: uuid.UUID) -> None:
    """Raises AccountFrozenError unless the profile is active; a freeze waits for the caller's transaction."""
    if not _is_active(session, user_id):
        raise AccountFrozenError


def check_owner_may_spend(session: Session, *, user_id: uuid.UUID) -> None:
    """The same for who decides about somebody else's money. Raises OwnerFrozenError."""
    if not _is_active(session, user_id):
        raise OwnerFrozenError


# Shared: two purchases of one person do not wait for each other here.
_STATE = text("SELECT state FROM user_account WHERE id = CAST(:user_id AS uuid) FOR SHARE")


def _is_active(session: Session, user_id: uuid.UUID) -> bool:
    state: str | None = session.scalar(_STATE, {"user_id": user_id})
    return state == UserState.ACTIVE
