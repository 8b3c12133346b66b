"""The blueprint that the checkout's views share."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint

from portal.blueprints.shop.cards import picture_url
from portal.blueprints.thing_words import name_of

bp = Blueprint("checkout", __name__)


@bp.context_processor
def offer() -> dict[str, Callable[..., str | None]]:
    """What the checkout's templates may use."""
    return {"picture_url": picture_url, "country_name": lambda code: name_of("country", code)}
