"""What every template may use without being handed it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from flask import Flask
from flask_babel import get_locale
from flask_login import current_user

from portal.blueprints.identity import current_channel, current_identity, current_locale, current_theme
from portal.blueprints.templating import url_for
from portal.config import Settings
from portal.live_token import live_address
from portal.queries.channels import channel_directory
from portal.queries.sections import section_directory


def init_context(app: Flask, settings: Settings) -> None:
    @app.context_processor
    def offer() -> dict[str, Any]:
        identity = current_identity()
        locale = current_locale()
        return {
            "channel": current_channel(),
            # Himself: asking through the proxy takes a dozen calls each time.
            "current_user": current_user._get_current_object(),  # noqa: SLF001  # Werkzeug's public name.
            "cart_count": identity.cart_count if identity else 0,
            "notice_count": identity.notice_count if identity else 0,
            "locale": locale,
            "theme": current_theme(),
            "sections": _shelves(),
            "channels": _switch(),
            "channel_notice": current_channel().notice,
            "channel_is_late": current_channel().is_late,
            "links": {"orders": url_for("orders.index")},
            "test_mode": not settings.is_production,
            "live_url": live_address(settings, identity) if identity and identity.user_id else None,
        }

    app.jinja_env.globals["get_locale"] = get_locale
    app.jinja_env.filters["tr"] = translated


class Switch(NamedTuple):
    """A channel as the page's head offers it: the same mall, elsewhere."""

    name: str
    href: str
    currency: str
    current: bool


def _switch() -> tuple[Switch, ...]:
    here = current_channel()
    return tuple(
        Switch(translated(one.name), f"/{one.code}/", one.currency, one.id == here.id)
        for one in channel_directory().channels.values()
        if one.state == "live"
    )


def _shelves() -> tuple[tuple[str, str], ...]:
    """Slug and name of the sections of the first level."""
    locale = current_locale()
    return tuple((one.slug, translated(one.name, locale)) for one in section_directory() if not one.parent_id)


def translated(texts: Mapping[str, str] | None, locale: str | None = None) -> str:
    """The text of {locale: text} in the reader's language, else English, else whatever there is."""
    if not texts:
        return ""
    return texts.get(locale or current_locale()) or texts.get("en") or next(iter(texts.values()), "")
