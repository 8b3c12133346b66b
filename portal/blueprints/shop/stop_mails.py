"""No more mails of a kind, by the link of such a mail: without signing in, by a button or by one click (INC-06)."""

from __future__ import annotations

from functools import partial

from flask import make_response, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.blueprints.access import public
from portal.blueprints.shop.blueprint import bp
from portal.db import atomically, reading
from portal.extensions import csrf
from portal.kit import clock
from portal.services.exports.keep_plans import comes_still, stop_by_link
from portal.services.incentives.stop_mails import read_stop_link, stop_mails


@bp.get("/offers/mails/<token>")
@public
def offer_mails(token: str) -> ResponseReturnValue:
    """Ask whether offers shall end; opening the link changes nothing."""
    with reading() as session:
        link = read_stop_link(session, token=token)
    return _offers(token, comes=link.comes)


@bp.post("/offers/mails/<token>")
@public
@csrf.exempt  # type: ignore[untyped-decorator]  # Flask-WTF publishes no types. The signed link is the proof here.
def end_offer_mails(token: str) -> ResponseReturnValue:
    """End them. Mail programs send this without cookies (RFC 8058)."""
    atomically(partial(stop_mails, token=token, now=clock.now()))
    return _offers(token, comes=False)


@bp.get("/figures/mails/<token>")
@public
def figure_mails(token: str) -> ResponseReturnValue:
    """Ask whether figures shall come no longer; opening the link changes nothing."""
    with reading() as session:
        comes = comes_still(session, token=token)
    return _figures(token, comes=comes)


@bp.post("/figures/mails/<token>")
@public
@csrf.exempt  # type: ignore[untyped-decorator]  # As above.
def end_figure_mails(token: str) -> ResponseReturnValue:
    """End them, as above."""
    atomically(partial(stop_by_link, token=token, now=clock.now()))
    return _figures(token, comes=False)


def _offers(token: str, *, comes: bool) -> ResponseReturnValue:
    return _page(
        title=_("Offers by e-mail"),
        question=_("Do you want no more offers of this shop by e-mail? Mails about your orders still come.")
        if comes
        else None,
        action=url_for("shop.end_offer_mails", token=token),
        label=_("No more offers by e-mail"),
        ended=_(
            "You get no offers of this shop by e-mail. On the page of your data you can choose otherwise at any time."
        ),
        onward=(url_for("account.data"), _("Your data")),
    )


def _figures(token: str, *, comes: bool) -> ResponseReturnValue:
    return _page(
        title=_("Figures by e-mail"),
        question=_("Do you want these figures by e-mail no longer? The dashboard still has them.") if comes else None,
        action=url_for("shop.end_figure_mails", token=token),
        label=_("Send it no longer"),
        ended=_("These figures come by e-mail no longer. On the dashboard you can ask for them again at any time."),
        onward=None,
    )


def _page(**values: object) -> ResponseReturnValue:
    answer = make_response(render_template("shop/stop_mails.html", **values))
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["X-Robots-Tag"] = "noindex"
    return answer
