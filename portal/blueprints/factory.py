"""Puts the application together: settings, extensions, faces."""

from __future__ import annotations

from datetime import timedelta
from http import HTTPStatus
from typing import Any

from apiflask import APIFlask
from flask import abort

from portal.assets import init_assets
from portal.blueprints import register_blueprints
from portal.blueprints.channel_path import ChannelPath
from portal.blueprints.confirming import init_confirming
from portal.blueprints.context import init_context
from portal.blueprints.cookies import Cookies
from portal.blueprints.errors import init_errors
from portal.blueprints.identity import current_locale, current_zone
from portal.blueprints.kept import init_kept
from portal.blueprints.lazy_routes import LazyRule
from portal.blueprints.security import init_security
from portal.blueprints.templating import init_templating
from portal.blueprints.uploads import make_room
from portal.blueprints.velocity import show_wait
from portal.config import Settings
from portal.extensions import babel, csrf, login_manager
from portal.formatting import init_formatting
from portal.process import loading, start

BODY_BYTES_MAX = 2 * 1024 * 1024
BIGINT_MAX = 2**63 - 1


def refuse_unfit_numbers(_endpoint: str | None, values: dict[str, Any] | None) -> None:
    """A number in an address that is greater than any row's: what it names is not there."""
    if any(isinstance(value, int) and value > BIGINT_MAX for value in (values or {}).values()):
        abort(HTTPStatus.NOT_FOUND)


def build(settings: Settings) -> APIFlask:
    """See portal.create_app."""
    start(settings, name="portal web", connections=settings.web_threads + 2)
    # All views and what they use are loaded here.
    with loading():
        return _build(settings)


def _build(settings: Settings) -> APIFlask:
    app = APIFlask("portal", title="Portal API", version="1", spec_path=None, docs_path=None, json_errors=False)
    app.url_rule_class = LazyRule
    app.url_value_preprocessor(refuse_unfit_numbers)
    app.url_value_preprocessor(make_room)
    # Static files are served by portal.assets, with hashes and compressed.
    app.static_folder = None
    app.config.update(
        SECRET_KEY=settings.secret_key,
        SESSION_COOKIE_NAME="portal",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.session_cookie_secure,
        # One session on all channels, whatever their path.
        SESSION_COOKIE_PATH="/",
        PERMANENT_SESSION_LIFETIME=timedelta(days=30),
        SESSION_REFRESH_EACH_REQUEST=False,
        # A form stays good as long as its session: checkout is left open over lunch.
        WTF_CSRF_TIME_LIMIT=None,
        MAX_CONTENT_LENGTH=BODY_BYTES_MAX,
        BABEL_TRANSLATION_DIRECTORIES="translations",
        TESTING=settings.mode == "test",
        PROPAGATE_EXCEPTIONS=False,
        PORTAL=settings,
    )
    app.session_interface = Cookies()
    babel.init_app(app, locale_selector=current_locale, timezone_selector=current_zone)
    csrf.init_app(app)
    login_manager.init_app(app)
    init_assets(app)
    init_formatting(app)
    init_context(app, settings)
    init_templating(app)
    init_kept(app)
    init_errors(app)
    app.after_request(show_wait)
    init_confirming(app)
    init_security(app, settings)
    register_blueprints(app, settings)
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    app.wsgi_app = ChannelPath(app.wsgi_app)  # type: ignore[method-assign]  # How Flask takes middleware.
    return app
