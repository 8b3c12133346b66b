"""No more offers by mail, by the link of such a mail: without signing in, by a button or by one click (INC-06)."""

from __future__ import annotations

from functools import partial

from flask import make_response, render_template
from flask.typing import ResponseReturnValue

from portal.blueprints.access import public
from portal.blueprints.shop.blueprint import bp
from portal.db import atomically, reading
from portal.extensions import csrf
from portal.kit import clock
from portal.services.incentives.stop_mails import read_stop_link, stop_mails


@bp.get("/offers/mails/<token>")
@public
def offer_mails(token: str) -> ResponseReturnValue:
    """Ask whether they shall end; opening the link changes nothing."""
    with reading() as session:
        link = read_stop_link(session, token=token)
    return _page(token, comes=link.comes)


@bp.post("/offers/mails/<token>")
@public
@csrf.exempt  # type: ignore[untyped-decorator]  # Flask-WTF publishes no types. The signed link is the proof here.
def end_offer_mails(token: str) -> ResponseReturnValue:
    """End them. Mail programs send this without cookies (RFC 8058)."""
    atomically(partial(stop_mails, token=token, now=clock.now()))
    return _page(token, comes=False)


def _page(token: str, *, comes: bool) -> ResponseReturnValue:
    answer = make_response(render_template("shop/offer_mails.html", token=token, comes=comes))
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["X-Robots-Tag"] = "noindex"
    return answer
