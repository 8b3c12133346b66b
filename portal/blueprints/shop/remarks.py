"""Reviews and questions on a product's own pages (CAT-03)."""

from __future__ import annotations

import uuid

from flask import flash, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.blueprints.access import NotFoundError, public, requires
from portal.blueprints.checkout.words import say
from portal.blueprints.desk import choice_arg
from portal.blueprints.identity import current_actor, current_channel
from portal.blueprints.shop.blueprint import bp
from portal.blueprints.uploads import file_answer
from portal.blueprints.velocity import count_act
from portal.db import atomically, reading
from portal.htmx import leave_for
from portal.kit import clock
from portal.kit.errors import PortalError
from portal.queries.products import find_product
from portal.queries.remarks import list_remarks, load_remark_picture, rating_of
from portal.rules.permissions import Permission
from portal.rules.remarks import RemarkKind
from portal.services.accounts.throttle import TALK
from portal.services.remarks.write_review import ask_question


@bp.get("/products/<slug>/remarks")
@public
def remarks(slug: str) -> ResponseReturnValue:
    """All reviews, or all questions, page by page."""
    kind = RemarkKind(choice_arg("kind", set(RemarkKind)) or RemarkKind.REVIEW)
    with reading() as session:
        product = find_product(session, channel_id=current_channel().id, slug=slug)
        if product is None:
            raise NotFoundError
        found = list_remarks(session, kind=kind, product_id=product.id, cursor=request.args.get("cursor"))
        rating = rating_of(session, product_id=product.id)
    return render_template("shop/remarks/index.html", product=product, found=found, kind=kind.value, rating=rating)


@bp.post("/products/<slug>/questions")
@requires(Permission.REMARK_WRITE)
def ask(slug: str) -> ResponseReturnValue:
    """Ask the store something that everybody may read."""
    given, actor, now = request.form, current_actor(), clock.now()
    with reading() as session:
        product = find_product(session, channel_id=current_channel().id, slug=slug)
    if product is None:
        raise NotFoundError
    try:
        count_act(TALK)
        atomically(
            lambda s: ask_question(
                s,
                product_id=product.id,
                words=given.get("text", ""),
                key=given.get("key", ""),
                actor=actor,
                now=now,
            )
        )
    except PortalError as error:
        flash(say(error), "error")
    else:
        flash(_("Your question is sent. The store answers it here."), "success")
    return leave_for(url_for("shop.product", slug=slug, _anchor="questions"))


@bp.get("/reviews/pictures/<uuid:picture_id>")
@public
def review_picture(picture_id: uuid.UUID) -> ResponseReturnValue:
    """A picture of a review that everybody reads."""
    with reading() as session:
        found = load_remark_picture(session, picture_id=picture_id)
    if found is None:
        raise NotFoundError
    answer = file_answer("review", *found)
    # A review can be hidden: what browsers keep of it they keep for minutes.
    answer.headers["Cache-Control"] = "public, max-age=300"
    return answer
