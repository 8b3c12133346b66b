"""The names of who did something, behind the labels that records keep (`user:0193…`)."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.models import User

_USER = "user:"


def actor_names(session: Session, labels: Iterable[str | None]) -> Mapping[str, str]:
    """The name of each label that is a person's, in one statement; the others are not in it."""
    ids = {uuid.UUID(one.removeprefix(_USER)) for one in labels if one and one.startswith(_USER)}
    if not ids:
        return {}
    found = session.execute(select(User.id, User.name).where(User.id.in_(ids)))
    return {f"{_USER}{user_id}": name for user_id, name in found if name}
