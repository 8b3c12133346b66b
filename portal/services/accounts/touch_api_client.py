"""Note that an API key was used."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from sqlalchemy import or_, update
from sqlalchemy.orm import Session

from portal.models import ApiClient


def touch_api_client(session: Session, *, client_id: uuid.UUID, now: datetime, every: timedelta) -> None:
    """Set when the key was last used, unless that was done within `every`: many requests come at once."""
    session.execute(
        update(ApiClient)
        .where(
            ApiClient.id == client_id,
            or_(ApiClient.last_used_at.is_(None), ApiClient.last_used_at <= now - every),
        )
        .values(last_used_at=now)
        .execution_options(synchronize_session=False)
    )
