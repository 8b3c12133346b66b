"""End an API key: the next request with it is refused."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.kit.errors import PortalError
from portal.kit.text import N_
from portal.models import ApiClient
from portal.rules.permissions import Actor
from portal.services.accounts.make_api_client import KeyForbiddenError, check_may_manage
from portal.services.audit import AuditAction, Fact, record


class KeyUnknownError(PortalError):
    """There is no such key, or it is somebody else's."""

    code = "api_client_unknown"
    status = 404
    sentence = N_("There is no such API key.")


def revoke_api_client(session: Session, *, actor: Actor, client_id: uuid.UUID, now: datetime) -> bool:
    """Revoke the key; False when it was revoked before. Raises KeyUnknownError."""
    client = session.execute(select(ApiClient).where(ApiClient.id == client_id).with_for_update()).scalar_one_or_none()
    if client is None:
        raise KeyUnknownError
    try:
        check_may_manage(actor, client.user_id)
    except KeyForbiddenError:
        # Whether a key of somebody else exists is nobody's business.
        raise KeyUnknownError from None
    if client.revoked_at is not None:
        return False
    client.revoked_at = now
    session.flush()
    record(session, Fact(AuditAction.API_CLIENT_REVOKED, f"api-client:{client_id}"), actor=actor, now=now)
    return True
