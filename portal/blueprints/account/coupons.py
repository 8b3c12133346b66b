"""The wallet: coupons that one holds, a box for codes, and what was saved with them (CPN-02, CPN-16)."""

from __future__ import annotations

import uuid

from flask import flash, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import gettext as _

from portal.blueprints.access import NotFoundError, requires
from portal.blueprints.account.blueprint import bp
from portal.blueprints.account.own import own_id
from portal.blueprints.checkout.words import say
from portal.blueprints.coupon_slips import write_slips
from portal.blueprints.desk import choice_arg
from portal.blueprints.identity import current_actor
from portal.blueprints.velocity import count_act, request_source
from portal.crypto import blind_index
from portal.db import atomically, reading
from portal.htmx import leave_for, page_or_partial
from portal.kit import clock
from portal.kit.errors import PortalError, Rejection
from portal.kit.ids import normalise_code
from portal.queries.coupon_flags import load_own_flag
from portal.queries.wallet import WalletView, count_wallet, list_uses, list_wallet
from portal.rules.coupons.abuse import APPEAL_LENGTH_MAX
from portal.rules.coupons.rejection import Code, reject
from portal.rules.permissions import Permission
from portal.services.accounts.throttle import COUPON_CODE, throttle
from portal.services.coupons.claim_code import TYPED_MAX, claim_code
from portal.services.coupons.decide_flag import appeal_flag

USED = "used"


@bp.get("/account/coupons")
@requires(Permission.COUPON_VIEW)
def coupons() -> ResponseReturnValue:
    """What one holds; or what is over, or what was used and saved."""
    return _page()


@bp.post("/account/coupons/codes")
@requires(Permission.COUPON_APPLY)
def add_code() -> ResponseReturnValue:
    """Take the coupon of a code. Codes that open nothing are counted, so that nobody can try them out."""
    typed = request.form.get("code", "")[:TYPED_MAX]
    code = normalise_code(typed.replace("\0", ""))
    if not code:
        return _page(problem=gettext("Enter a code."), typed=typed)
    actor, source, now = current_actor(), request_source(), clock.now()
    attempt = count_act(COUPON_CODE, mark=blind_index(f"coupon:{code}").hex())
    answer = atomically(lambda s: claim_code(s, typed=code, actor=actor, source=source, now=now))
    if isinstance(answer, Rejection):
        if answer.code != reject(Code.UNKNOWN).code:
            throttle.take_back(attempt)
        return _page(problem=say(answer), typed=typed)
    throttle.take_back(attempt)
    flash(
        gettext("The coupon is in your wallet.") if answer.is_new else gettext("You hold this coupon already."),
        "success",
    )
    return leave_for(url_for(".coupons"))


@bp.route("/account/coupons/appeals/<uuid:flag_id>", methods=["GET", "POST"])
@requires(Permission.COUPON_VIEW)
def appeal(flag_id: uuid.UUID) -> ResponseReturnValue:
    """Say what speaks against the suspension of one's coupon; once."""
    actor, now = current_actor(), clock.now()
    problem: PortalError | None = None
    if request.method == "POST":
        text = request.form.get("text", "")
        try:
            atomically(lambda s: appeal_flag(s, flag_id=flag_id, text=text, actor=actor, now=now))
        except PortalError as error:
            problem = error
        else:
            flash(gettext("Thank you. Somebody looks at it, and you are told."), "success")
            return leave_for(url_for(".coupons"))
    with reading() as session:
        flag = load_own_flag(session, flag_id=flag_id, user_id=own_id())
    if flag is None:
        raise NotFoundError
    page = render_template(
        "account/appeal.html",
        flag=flag,
        problem=say(problem) if problem else None,
        typed=request.form.get("text", ""),
        text_max=APPEAL_LENGTH_MAX,
    )
    return page, problem.status if problem else 200


def _page(*, problem: str | None = None, typed: str = "") -> ResponseReturnValue:
    user_id, now = own_id(), clock.now()
    view, cursor = choice_arg("view", (WalletView.OVER, USED)) or WalletView.HELD, request.args.get("cursor")
    with reading() as session:
        counts = count_wallet(session, user_id=user_id, now=now)
        uses = list_uses(session, user_id=user_id, cursor=cursor) if view == USED else None
        held = None
        if view != USED:
            held = list_wallet(session, user_id=user_id, view=WalletView(view), now=now, cursor=cursor)
        words = write_slips(session, [one.campaign for one in held.rows] if held else [])
    tabs = [
        {
            "label": label,
            "href": url_for(".coupons", view=key),
            "current": view == (key or WalletView.HELD),
            "count": count,
        }
        for key, label, count in (
            (None, _("To use"), counts.held),
            (USED, _("Used"), counts.used),
            (WalletView.OVER, _("Over"), counts.over),
        )
    ]
    page = page_or_partial(
        "account/coupons.html",
        {"wallet": "account/_coupons.html"},
        held=held,
        uses=uses,
        counts=counts,
        tab_list=tabs,
        view=view,
        problem=problem,
        typed=typed,
        words=words,
    )
    return page, 422 if problem else 200
