"""One's reviews: what can be reviewed, what was (CAT-03, ORD-09)."""

from __future__ import annotations

import uuid

from flask import flash, make_response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.blueprints.access import NotFoundError, requires
from portal.blueprints.account.blueprint import bp
from portal.blueprints.account.own import own_id
from portal.blueprints.checkout.words import say
from portal.blueprints.identity import current_actor
from portal.blueprints.shop.cards import picture_url, product_url
from portal.blueprints.uploads import read_files, takes_files
from portal.blueprints.velocity import count_act
from portal.db import atomically, reading
from portal.htmx import done
from portal.kit import clock
from portal.kit.errors import PortalError
from portal.kit.file_kinds import PICTURES
from portal.kit.ids import new_token
from portal.queries.remarks import lines_to_review, list_remarks
from portal.rules.permissions import Permission
from portal.rules.remarks import PICTURES_MAX, RemarkKind
from portal.services.accounts.throttle import TALK
from portal.services.remarks.write_review import Review, ReviewedAlreadyError, write_review


@bp.get("/account/reviews")
@requires(Permission.REMARK_WRITE)
def reviews() -> ResponseReturnValue:
    """What has arrived and waits for a review, and one's own reviews."""
    with reading() as session:
        waiting = lines_to_review(session, buyer_id=own_id())
        found = list_remarks(
            session, kind=RemarkKind.REVIEW, view="all", author_id=own_id(), cursor=request.args.get("cursor")
        )
    return render_template(
        "account/reviews.html", waiting=waiting, found=found, picture_url=picture_url, product_url=product_url
    )


@bp.get("/account/reviews/<uuid:line_id>")
@requires(Permission.REMARK_WRITE)
def review(line_id: uuid.UUID) -> ResponseReturnValue:
    """The form for one thing that arrived."""
    return _form(line_id)


@bp.post("/account/reviews/<uuid:line_id>")
@takes_files
@requires(Permission.REMARK_WRITE)
def create_review(line_id: uuid.UUID) -> ResponseReturnValue:
    """Keep it."""
    given, actor, now = request.form, current_actor(), clock.now()
    try:
        count_act(TALK)
        pictures = read_files("pictures", taken=PICTURES, files_max=PICTURES_MAX)
        typed = Review(given.get("key", ""), given.get("stars", ""), given.get("text", ""), pictures)
        atomically(lambda s: write_review(s, line_id=line_id, review=typed, actor=actor, now=now))
    except ReviewedAlreadyError as error:
        flash(say(error), "error")
    except PortalError as error:
        if error.status == 404:
            raise
        return _form(line_id, error)
    else:
        flash(_("Thank you. Everybody can read your review now."), "success")
    return done(location=url_for(".reviews"))


def _form(line_id: uuid.UUID, error: PortalError | None = None) -> ResponseReturnValue:
    with reading() as session:
        line = next(iter(lines_to_review(session, buyer_id=own_id(), line_id=line_id)), None)
    if line is None:
        raise NotFoundError
    field = getattr(error, "field", "pictures")
    page = render_template(
        "account/review.html",
        line=line,
        given=request.form,
        key=request.form.get("key") or new_token(),
        accept=",".join(sorted(PICTURES)),
        faults={field: say(error)} if error else {},
        picture_url=picture_url,
    )
    return make_response(page, error.status if error else 200)
