"""Pictures of goods, drawn or uploaded: none is ever changed, so a browser may keep it for ever."""

from __future__ import annotations

import uuid

from flask import Response

from portal.assets import FOREVER
from portal.blueprints.access import NotFoundError, public
from portal.blueprints.shop.blueprint import bp
from portal.blueprints.uploads import file_answer
from portal.db import reading
from portal.demo.pictures import draw, is_key
from portal.queries.store_products import load_photo

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


@bp.get("/photos/<uuid:photo_id>")
@public
def photo(photo_id: uuid.UUID) -> Response:
    """Answer with a picture that a store has uploaded; its number cannot be guessed before it is shown."""
    with reading() as session:
        found = load_photo(session, photo_id=photo_id)
    if found is None:
        raise NotFoundError
    answer = file_answer("picture", *found)
    answer.headers["Cache-Control"] = FOREVER
    answer.set_etag(str(photo_id))
    return answer
