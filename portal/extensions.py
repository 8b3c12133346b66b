"""Unbound extensions of the application; create_app() binds them."""

from __future__ import annotations

from flask_babel import Babel
from flask_login import LoginManager
from flask_wtf.csrf import CSRFProtect


class People(LoginManager):  # type: ignore[misc]  # Flask-Login publishes no types.
    """Who asks, as Flask-Login keeps it for pages."""

    def _session_protection_failed(self) -> bool:
        """Sessions are rows that can be revoked: a second mark in the cookie would add nothing but a hash per page."""
        return False


babel = Babel()
csrf = CSRFProtect()
login_manager = People()
