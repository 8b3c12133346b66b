"""Drawn pictures: a key is the whole picture, so a browser may keep it for ever."""

from __future__ import annotations

from flask import Response

from portal.assets import FOREVER
from portal.blueprints.access import NotFoundError, public
from portal.blueprints.shop.blueprint import bp
from portal.demo.pictures import draw, is_key

# An SVG that is opened by itself is a document: it may load and run nothing.
NOTHING = "default-src 'none'; sandbox"


@bp.get("/pictures/<key>.svg")
@public
def picture(key: str) -> Response:
    """Answer with the picture of a key. Asks neither the session nor the database."""
    if not is_key(key):
        raise NotFoundError
    answer = Response(draw(key), mimetype="image/svg+xml")
    answer.headers["Cache-Control"] = FOREVER
    answer.headers["Content-Security-Policy"] = NOTHING
    answer.set_etag(key)
    return answer
