"""Portal: the money side of a shopping mall with many sellers and many channels."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from apiflask import APIFlask

    from portal.config import Settings


def create_app(settings: Settings) -> APIFlask:
    """Build the web application. Services and jobs do without it; they need only portal.process.start()."""
    from portal.blueprints.factory import build

    return build(settings)
