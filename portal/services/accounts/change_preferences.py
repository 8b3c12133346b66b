"""How a person wants his pages: language and theme, and under which name."""

from __future__ import annotations

import uuid
from enum import StrEnum

from sqlalchemy import update
from sqlalchemy.orm import Session

from portal.kit.errors import PortalError
from portal.kit.text import N_
from portal.models import User
from portal.services.accounts.sign_up import check_name


class Theme(StrEnum):
    AUTO = "auto"
    LIGHT = "light"
    DARK = "dark"


class PreferenceUnknownError(PortalError):
    code = "preference_unknown"
    sentence = N_("Choose one of the offered values.")


def change_preferences(
    session: Session, *, user_id: uuid.UUID, locale: str | None = None, theme: str | None = None
) -> None:
    """Keep the language or the theme, or both; None leaves one as it is. Raises PreferenceUnknownError."""
    if theme is not None and theme not in set(Theme):
        raise PreferenceUnknownError
    values = {name: value for name, value in (("locale", locale), ("theme", theme)) if value is not None}
    if values:
        session.execute(update(User).where(User.id == user_id).values(values))


def change_name(session: Session, *, user_id: uuid.UUID, name: str) -> None:
    """Raises NameMissingError and NameTooLongError."""
    session.execute(update(User).where(User.id == user_id).values(name=check_name(name), marks=None))
